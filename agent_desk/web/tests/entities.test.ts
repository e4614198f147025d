/** Snapshot + events = fresh snapshot, in whatever order they arrive. */
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'

import { useEntities } from '@/live/entities'
import type { Change, EntityKind, Snapshot } from '@/wire/types'

const queue = (waiting: number) => ({ name: 'booking', waiting })
const snapshot = (version: number, entities: [EntityKind, string, unknown][]): Snapshot => ({
  version, entities: entities.map(([kind, id, value]) => ({ kind, id, value })),
})
const dump = () => {
  const entities = useEntities()
  return Object.fromEntries(Object.entries(entities.tables).map(([kind, table]) =>
    [kind, Object.fromEntries([...table].map(([id, held]) => [id, held.value]).sort())]))
}

/** A small reproducible source of chance. */
function random(seed: number) {
  let state = seed
  return (limit: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state % limit
  }
}

describe('entities', () => {
  beforeEach(() => setActivePinia(createPinia()))

  it('given a snapshot, when a newer change comes, then it replaces one entity', () => {
    const entities = useEntities()
    entities.load('desk', snapshot(10, [['queue', 'booking', queue(1)], ['queue', 'enquiry', queue(5)]]))
    entities.apply({ version: 11, kind: 'queue', id: 'booking', value: queue(2) })
    expect(entities.get('queue', 'booking')?.waiting).toBe(2)
    expect(entities.get('queue', 'enquiry')?.waiting).toBe(5)
  })

  it('given a change that arrived before its snapshot, when the older snapshot comes, then the newer value stays', () => {
    const entities = useEntities()
    entities.apply({ version: 12, kind: 'queue', id: 'booking', value: queue(7) })
    entities.apply({ version: 13, kind: 'call', id: 'gone', value: null })
    entities.load('desk', snapshot(11, [['queue', 'booking', queue(1)], ['call', 'gone', { id: 'gone' }]]))
    expect(entities.get('queue', 'booking')?.waiting).toBe(7)
    expect(entities.get('call', 'gone')).toBeNull()
  })

  it('given an old change, when it comes late, then nothing is turned back and nothing gone returns', () => {
    const entities = useEntities()
    entities.apply({ version: 5, kind: 'call', id: 'a', value: { id: 'a' } })
    entities.apply({ version: 8, kind: 'call', id: 'a', value: null })
    entities.apply({ version: 7, kind: 'call', id: 'a', value: { id: 'a' } })
    expect(entities.get('call', 'a')).toBeNull()
  })

  it('given a snapshot, when an older word about something it does not mention comes late, then that stays away', () => {
    const entities = useEntities()
    entities.load('desk', snapshot(30, []))
    entities.apply({ version: 25, kind: 'call', id: 'ghost', value: { id: 'ghost' } })
    expect(entities.get('call', 'ghost')).toBeNull()
    entities.load('desk', snapshot(30, [['call', 'real', { id: 'real' }]]))
    expect(entities.get('call', 'real')).not.toBeNull()
  })

  it('given a fresh snapshot, when it does not mention an entity of its view, then that is gone, others stay', () => {
    const entities = useEntities()
    entities.load('desk', snapshot(1, [['call', 'a', { id: 'a' }], ['me', 'me', { state: 'ready' }]]))
    entities.load('board', snapshot(2, [['agent', '2', { id: 2 }]]))
    entities.load('desk', snapshot(3, [['me', 'me', { state: 'ready' }]]))
    expect(entities.get('call', 'a')).toBeNull()
    expect(entities.get('agent', '2')).not.toBeNull()
  })

  it('given a restarted server that counts from one, when its snapshot comes, then it counts', () => {
    const entities = useEntities()
    entities.load('desk', snapshot(9_000, [['queue', 'booking', queue(4)], ['call', 'a', { id: 'a' }]]))
    entities.forgetVersions()
    entities.load('desk', snapshot(3, [['queue', 'booking', queue(1)]]))
    expect(entities.get('queue', 'booking')?.waiting).toBe(1)
    expect(entities.get('call', 'a')).toBeNull()
    entities.apply({ version: 4, kind: 'queue', id: 'booking', value: queue(2) })
    expect(entities.get('queue', 'booking')?.waiting).toBe(2)
  })

  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))(
    'given random changes (seed %i), when they are shuffled, doubled and cut by a snapshot, then the state is that of the end',
    (seed) => {
      const chance = random(seed)
      const truth = new Map<string, unknown>()
      const changes: Change[] = []
      const kinds: EntityKind[] = ['me', 'call', 'queue', 'link']
      let cut: Snapshot | null = null
      for (let version = 1; version <= 60; version += 1) {
        const kind = kinds[chance(kinds.length)]!
        const id = String(chance(4))
        const value = chance(4) === 0 ? null : { id, version }
        changes.push({ version, kind, id, value })
        if (value) truth.set(`${kind}/${id}`, value)
        else truth.delete(`${kind}/${id}`)
        if (version === 30) {
          cut = snapshot(30, [...truth].map(([key, one]) => [key.split('/')[0] as EntityKind, key.split('/')[1]!, one]))
        }
      }
      const later = changes.filter((change) => change.version > 20)
      const shuffled = [...later, ...later.slice(0, 10)].map((change) => [chance(1_000), change] as const)
        .sort((one, other) => one[0] - other[0]).map(([, change]) => change)
      const at = chance(shuffled.length)
      shuffled.slice(0, at).forEach((change) => useEntities().apply(change))
      useEntities().load('desk', cut!)
      shuffled.slice(at).forEach((change) => useEntities().apply(change))
      const shuffledEnd = dump()

      setActivePinia(createPinia())
      useEntities().load('desk', snapshot(60, [...truth].map(([key, one]) =>
        [key.split('/')[0] as EntityKind, key.split('/')[1]!, one])))
      expect(shuffledEnd).toEqual(dump())
    },
  )
})
