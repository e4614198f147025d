/** Times, lengths and shares as people read them. */
import { describe, expect, it } from 'vitest'

import { levelOf, totalsOf } from '@/board/figures'
import { partsOf, ratios } from '@/campaigns/progress'
import { momentsOf } from '@/recordings/filter'
import {
  appointmentTime, asList, clockTime, dayOf, elapsedS, fileSize, minutes, percent, remainingS, seconds, when,
} from '@/text/format'
import type { BoardAgent, Campaign, QueueBoard } from '@/wire/types'

describe('format', () => {
  it.each([[0, '00:00'], [42.9, '00:42'], [725, '12:05'], [3723, '1:02:03'], [-3, '00:00'], [null, '–'], [NaN, '–']])(
    'given %s s, then it reads %s', (value, text) => expect(seconds(value as number)).toBe(text))

  it('given averages, then no leading zero is spoken', () => {
    expect([minutes(171), minutes(605), minutes(null)]).toEqual(['2:51', '10:05', '–'])
  })

  it('given a moment of the wire, then it reads in the hospital zone whatever the browser has', () => {
    expect(clockTime('2026-11-21T02:21:05Z')).toBe('10:21:05')
    expect(dayOf('2026-11-21T16:30:00Z')).toBe('2026-11-22')
    expect(clockTime('2026-11-21T16:00:00Z')).toBe('00:00:00')
    expect([clockTime(null), clockTime('rubbish')]).toEqual(['–', '–'])
  })

  it('given today, this year, an older year, then only the needed part is shown', () => {
    const now = Date.parse('2026-11-21T10:00:00Z')
    expect(when('2026-11-21T02:21:00Z', now)).toBe('10:21')
    expect(when('2026-11-20T02:21:00Z', now)).toBe('11-20 10:21')
    expect(when('2025-11-20T02:21:00Z', now)).toBe('2025-11-20 10:21')
  })

  it('given an appointment, then weekday and time are said', () => {
    expect(appointmentTime('2026-11-23T01:30:00Z')).toBe('11-23 周一 09:30')
    expect(appointmentTime('2026-11-23T01:30:00Z', 'en')).toBe('11-23 Mon 09:30')
  })

  it('given clocks that run apart, then waiting is never negative', () => {
    const now = Date.parse('2026-11-21T02:00:00Z')
    expect(elapsedS('2026-11-21T02:00:05Z', now)).toBe(0)
    expect(elapsedS(null, now)).toBeNull()
    expect(remainingS('2026-11-21T01:59:00Z', now)).toBe(0)
    expect(remainingS('2026-11-21T02:00:28Z', now)).toBe(28)
  })

  it('given shares, sizes and lists, then nothing is invented for nothing', () => {
    expect([percent(0.834), percent(0.0561, 1), percent(null)]).toEqual(['83%', '5.6%', '–'])
    expect([fileSize(812), fileSize(812_345), fileSize(5_000_000), fileSize(null)]).toEqual(['812 B', '793 KB', '4.8 MB', '–'])
    expect(asList('青霉素；海鲜\n')).toEqual(['青霉素', '海鲜'])
    expect(asList(null)).toEqual([])
  })

  it('given a choice of days, then the moments are the hospital\'s days, the end exclusive', () => {
    const now = Date.parse('2026-11-20T17:30:00Z') // already the 21st in Shanghai
    expect(momentsOf('today', null, now)).toEqual({ from: '2026-11-20T16:00:00.000Z', to: '2026-11-21T16:00:00.000Z' })
    expect(momentsOf('yesterday', null, now)).toEqual({ from: '2026-11-19T16:00:00.000Z', to: '2026-11-20T16:00:00.000Z' })
    expect(momentsOf('week', null, now).from).toBe('2026-11-14T16:00:00.000Z')
    expect(momentsOf('custom', ['2026-11-01', '2026-11-02'], now)).toEqual({
      from: '2026-10-31T16:00:00.000Z', to: '2026-11-02T16:00:00.000Z',
    })
  })
})

const queue = (over: Partial<QueueBoard['today']>, waiting = 0, since: string | null = null): QueueBoard => ({
  name: 'q', title: 'q', waiting, longest_since: since, ready: 0, talking: 0, signed_on: 0,
  today: { offered: 0, answered: 0, abandoned: 0, service_level_ratio: null, avg_wait_s: null, ...over },
})

describe('board figures', () => {
  it('given two queues, then service level is weighed by calls, not averaged', () => {
    const totals = totalsOf([
      queue({ offered: 90, answered: 90, abandoned: 0, service_level_ratio: 1 }, 2, '2026-11-21T02:00:30Z'),
      queue({ offered: 10, answered: 5, abandoned: 5, service_level_ratio: 0, quick_abandoned: 2 }, 1, '2026-11-21T02:00:00Z'),
    ], [])
    expect(totals.serviceLevelRatio).toBeCloseTo(0.9)
    expect(totals.answeredRatio).toBeCloseTo(0.95)
    expect(totals.abandonedRatio).toBeCloseTo(0.05)
    expect(totals.waiting).toBe(3)
    expect(totals.longestSince).toBe('2026-11-21T02:00:00Z')
  })

  it('given no call yet, then there is no share', () => {
    const totals = totalsOf([queue({})], [])
    expect([totals.serviceLevelRatio, totals.answeredRatio, totals.abandonedRatio]).toEqual([null, null, null])
    expect(levelOf(totals.serviceLevelRatio, 0.8, 0.6, false)).toBe('none')
  })

  it('given agents, then talking includes ringing and holding, and offline is not on duty', () => {
    const states = ['ready', 'talking', 'holding', 'ringing', 'wrap_up', 'paused', 'offline']
    const totals = totalsOf([], states.map((state) => ({ state }) as BoardAgent))
    expect(totals).toMatchObject({ signedOn: 6, ready: 1, talking: 3, wrapUp: 1, paused: 1 })
  })

  it('given thresholds, then colour follows them in both directions', () => {
    expect([levelOf(2, 3, 6), levelOf(3, 3, 6), levelOf(6, 3, 6)]).toEqual(['good', 'warn', 'bad'])
    expect([levelOf(0.9, 0.8, 0.6, false), levelOf(0.7, 0.8, 0.6, false), levelOf(0.5, 0.8, 0.6, false)]).toEqual(['good', 'warn', 'bad'])
  })
})

describe('campaign progress', () => {
  it('given outcomes, then every contact is drawn once and shares have their own base', () => {
    const campaign = {
      total: 10, dialled: 8, answered: 4, completed: 3, refused: 1, busy: 2, no_answer: 2, unobtainable: 0, failed: 0, to_review: 0,
    } as Campaign
    expect(partsOf(campaign).reduce((sum, part) => sum + part.value, 0)).toBe(8)
    expect(ratios(campaign)).toEqual({ answered: 0.5, completed: 0.75 })
    expect(ratios({ ...campaign, dialled: 0, answered: 0 })).toEqual({ answered: null, completed: null })
  })
})
