/** The figures of the board, added up from queues and agents. Each one's formula is written beside it. */
import type { BoardAgent, QueueBoard } from '@/wire/types'

export interface Totals {
  waiting: number
  /** The earliest moment at which anybody who still waits began to wait; null when nobody waits. */
  longestSince: string | null
  offered: number
  answered: number
  abandoned: number
  quickAbandoned: number
  /** Answered within the target / (answered + abandoned), over all queues; null before the first call. */
  serviceLevelRatio: number | null
  /** Answered / offered; null before the first call. */
  answeredRatio: number | null
  /** Abandoned / offered; null before the first call. */
  abandonedRatio: number | null
  signedOn: number
  ready: number
  talking: number
  wrapUp: number
  paused: number
}

const share = (part: number, whole: number) => (whole > 0 ? part / whole : null)
const sum = <T>(list: T[], pick: (one: T) => number) => list.reduce((total, one) => total + pick(one), 0)

export function totalsOf(queues: QueueBoard[], agents: BoardAgent[]): Totals {
  const offered = sum(queues, (queue) => queue.today.offered)
  const answered = sum(queues, (queue) => queue.today.answered)
  const abandoned = sum(queues, (queue) => queue.today.abandoned)
  const inState = (...states: string[]) => agents.filter((agent) => states.includes(agent.state)).length
  const since = queues.map((queue) => queue.longest_since).filter((moment): moment is string => moment !== null)
  return {
    waiting: sum(queues, (queue) => queue.waiting),
    longestSince: since.sort((one, other) => Date.parse(one) - Date.parse(other))[0] ?? null,
    offered,
    answered,
    abandoned,
    quickAbandoned: sum(queues, (queue) => queue.today.quick_abandoned ?? 0),
    serviceLevelRatio: serviceLevel(queues),
    answeredRatio: share(answered, offered),
    abandonedRatio: share(abandoned, offered),
    signedOn: agents.filter((agent) => agent.is_signed_on ?? agent.state !== 'offline').length,
    ready: inState('ready'),
    talking: inState('talking', 'holding', 'ringing'),
    wrapUp: inState('wrap_up'),
    paused: inState('paused'),
  }
}

function serviceLevel(queues: QueueBoard[]): number | null {
  const measured = queues.filter((queue) => queue.today.service_level_ratio !== null)
  const base = (queue: QueueBoard) => queue.today.answered + queue.today.abandoned
  const inTime = (queue: QueueBoard) =>
    queue.today.answered_in_time ?? (queue.today.service_level_ratio ?? 0) * base(queue)
  return share(sum(measured, inTime), sum(measured, base))
}

export type Level = 'good' | 'warn' | 'bad' | 'none'

/** Colour by threshold; `isRising` when more is worse. */
export function levelOf(value: number | null, warn: number, bad: number, isRising = true): Level {
  if (value === null) return 'none'
  const isBeyond = (limit: number) => (isRising ? value >= limit : value < limit)
  if (isBeyond(bad)) return 'bad'
  return isBeyond(warn) ? 'warn' : 'good'
}
