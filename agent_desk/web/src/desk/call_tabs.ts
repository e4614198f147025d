/** Which call is under the agent's hands. A new pop never takes that place: it becomes a further tab. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

import { useEntities } from '@/live/entities'
import type { Call } from '@/wire/types'

/** Calls the agent works on come before calls that only ring. */
function weight(call: Call): number {
  if (call.my_leg?.state === 'talking') return 0
  if (call.state === 'ended' || call.my_leg?.state === 'ended') return 1
  return 2
}

export const useCallTabs = defineStore('call_tabs', () => {
  const entities = useEntities()
  const order = ref<string[]>([])
  const selectedId = ref<string | null>(null)
  /** Ids of pops that went away before anybody here answered them (for one notice each). */
  const withdrawn = ref<string[]>([])

  const tabs = computed(() =>
    order.value.map((id) => entities.get('call', id)).filter((call): call is Call => call !== null))
  const selected = computed(() => (selectedId.value ? entities.get('call', selectedId.value) : null))
  const ringing = computed(() => tabs.value.filter((call) => call.my_leg?.state === 'ringing' && call.state !== 'ended'))
  /** The call the agent is talking in (or has on hold). */
  const live = computed(() =>
    tabs.value.find((call) => call.my_leg?.state === 'talking' && call.state !== 'ended')
    ?? tabs.value.find((call) => call.state === 'dialling') ?? null)

  function select(id: string | null): void {
    selectedId.value = id
  }

  function fallBack(): void {
    const next = [...tabs.value].sort((one, other) => weight(one) - weight(other))[0]
    selectedId.value = next?.id ?? null
  }

  function rebuild(): void {
    for (const call of entities.calls) if (!order.value.includes(call.id)) order.value.push(call.id)
    order.value = order.value.filter((id) => entities.get('call', id))
    if (!selectedId.value || !entities.get('call', selectedId.value)) fallBack()
  }

  entities.onChange((kind, id, value, before) => {
    if (kind !== 'call') return
    if (value && !order.value.includes(id)) order.value.push(id)
    if (!value) {
      order.value = order.value.filter((one) => one !== id)
      const call = before as Call | null
      if (call?.my_leg?.state === 'ringing') withdrawn.value = [...withdrawn.value.slice(-9), id]
    }
    if (!selectedId.value || selectedId.value === id && !value) fallBack()
  })
  rebuild()

  return { tabs, selectedId, selected, ringing, live, withdrawn, select, rebuild }
})
