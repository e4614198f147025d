/** The live state of the page: (kind, id) -> value, made of one snapshot per view and the changes after it. */
import { defineStore } from 'pinia'
import { computed, reactive, ref } from 'vue'

import { serverNowMs, setServerTime } from '@/text/server_clock'
import type { Change, EntityKind, EntityKinds, Snapshot, View } from '@/wire/types'

/** The kinds a snapshot of a view holds completely: what it does not mention is gone. */
export const KINDS_OF_VIEW: Record<View, EntityKind[]> = {
  desk: ['me', 'call', 'queue', 'link', 'topic'],
  board: ['agent', 'waiting', 'queue', 'campaign', 'alert', 'link', 'topic'],
}
const ALL_KINDS: EntityKind[] = ['me', 'call', 'queue', 'link', 'agent', 'waiting', 'campaign', 'alert', 'topic']

interface Held {
  version: number
  value: unknown
}

export type ChangeListener = (kind: EntityKind, id: string, value: unknown, before: unknown) => void

export const useEntities = defineStore('entities', () => {
  const tables = reactive(Object.fromEntries(ALL_KINDS.map((kind) => [kind, new Map<string, Held>()]))) as
    Record<EntityKind, Map<string, Held>>
  /** Versions of entities that are gone, so that a late older change does not bring them back. */
  const graves = new Map<string, number>()
  /** The version of the last snapshot of a kind: older words about things it does not mention are old. */
  const floors = new Map<EntityKind, number>()
  const snapshotViews = ref<View[]>([])
  const lastChangeMs = ref<number | null>(null)
  const listeners = new Set<ChangeListener>()

  function put(kind: EntityKind, id: string, version: number, value: unknown): void {
    const table = tables[kind]
    if (!table) return
    const held = table.get(id)
    const known = held?.version ?? Math.max(graves.get(`${kind}/${id}`) ?? -1, floors.get(kind) ?? -1)
    if (version <= known) return
    if (value === null || value === undefined) {
      table.delete(id)
      graves.set(`${kind}/${id}`, version)
    } else {
      table.set(id, { version, value })
      graves.delete(`${kind}/${id}`)
    }
    listeners.forEach((listener) => listener(kind, id, value ?? null, held?.value ?? null))
  }

  function apply(change: Change): void {
    lastChangeMs.value = serverNowMs()
    put(change.kind, change.id, change.version, change.value)
  }

  /** Replaces all kinds of the view. Entities that a newer change has already touched keep the newer value. */
  function load(view: View, snapshot: Snapshot): void {
    if (snapshot.server_time) setServerTime(snapshot.server_time)
    lastChangeMs.value = serverNowMs()
    KINDS_OF_VIEW[view].forEach((kind) => floors.delete(kind))
    const present = new Set(snapshot.entities.map(({ kind, id }) => `${kind}/${id}`))
    for (const kind of KINDS_OF_VIEW[view]) {
      for (const [id, held] of [...tables[kind]]) {
        if (!present.has(`${kind}/${id}`) && held.version <= snapshot.version) put(kind, id, snapshot.version + 0.5, null)
      }
    }
    for (const { kind, id, value } of snapshot.entities) {
      const held = tables[kind]?.get(id)
      if (held && held.version > snapshot.version) continue
      if (held) held.version = -1
      put(kind, id, snapshot.version, value)
    }
    KINDS_OF_VIEW[view].forEach((kind) => floors.set(kind, snapshot.version))
    if (!snapshotViews.value.includes(view)) snapshotViews.value.push(view)
  }

  /** A new server process counts versions from the beginning: forget the old numbers before its first snapshot. */
  function forgetVersions(): void {
    for (const kind of ALL_KINDS) tables[kind].forEach((held) => { held.version = -1 })
    graves.clear()
    floors.clear()
  }

  function clear(): void {
    for (const kind of ALL_KINDS) tables[kind].clear()
    graves.clear()
    floors.clear()
    snapshotViews.value = []
    lastChangeMs.value = null
  }

  function onChange(listener: ChangeListener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  function get<K extends EntityKind>(kind: K, id: string): EntityKinds[K] | null {
    return (tables[kind].get(id)?.value as EntityKinds[K] | undefined) ?? null
  }

  function all<K extends EntityKind>(kind: K): EntityKinds[K][] {
    return [...tables[kind].values()].map((held) => held.value as EntityKinds[K])
  }

  const me = computed(() => get('me', 'me'))
  const calls = computed(() => all('call'))
  const queues = computed(() => all('queue'))
  const agents = computed(() => all('agent'))
  const waiting = computed(() => all('waiting'))
  const campaigns = computed(() => all('campaign'))
  const telephony = computed(() => get('link', 'ami'))
  const hasSnapshot = (view: View) => snapshotViews.value.includes(view)

  return {
    tables, me, calls, queues, agents, waiting, campaigns, telephony, snapshotViews, lastChangeMs,
    apply, load, forgetVersions, clear, onChange, get, all, hasSnapshot,
  }
})
