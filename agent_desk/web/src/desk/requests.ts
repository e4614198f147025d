/** Commands on their way: a button shows *requested* until the network confirms, never before. */
import { defineStore } from 'pinia'
import { reactive } from 'vue'

import { useEntities } from '@/live/entities'
import { tellError, tellUnconfirmed } from '@/text/notices'
import type { EntityKind } from '@/wire/types'

const CONFIRM_LIMIT_MS = 8_000

export interface Request {
  /** The name of the button: `hold`, `transfer`, `ready`... */
  command: string
  /** The entity whose change confirms it. */
  kind: EntityKind
  id: string
  /** True when this value is the confirmation; without it any change of the entity is one. */
  isConfirmed?: (value: unknown) => boolean
  action: () => Promise<unknown> | void
}

interface Pending {
  request: Request
  timer: ReturnType<typeof setTimeout>
}

export const useRequests = defineStore('requests', () => {
  const entities = useEntities()
  const pending = reactive(new Map<string, Pending>())
  const keyOf = (command: string, id: string) => `${command} ${id}`

  function settle(key: string): void {
    const held = pending.get(key)
    if (!held) return
    clearTimeout(held.timer)
    pending.delete(key)
  }

  /** False when the same command is still on its way, or was refused. */
  async function run(request: Request): Promise<boolean> {
    const key = keyOf(request.command, request.id)
    if (pending.has(key)) return false
    const timer = setTimeout(() => {
      if (!pending.has(key)) return
      settle(key)
      tellUnconfirmed()
    }, CONFIRM_LIMIT_MS)
    pending.set(key, { request, timer })
    try {
      await request.action()
      return true
    } catch (error) {
      settle(key)
      tellError(error)
      return false
    }
  }

  function isPending(command: string, id: string): boolean {
    return pending.has(keyOf(command, id))
  }

  entities.onChange((kind, id, value) => {
    for (const [key, { request }] of [...pending]) {
      if (request.kind !== kind || request.id !== id) continue
      if (value === null || !request.isConfirmed || request.isConfirmed(value)) settle(key)
    }
  })

  return { run, isPending, pending }
})
