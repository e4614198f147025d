/** The fixed cast of the tests: Asha is a patient. */
import type { Call } from '@/wire/types'

export function aCall(over: Partial<Call> | Record<string, unknown> = {}): Call {
  return {
    id: 'call-1', direction: 'inbound', state: 'ringing', number_masked: '138****0001', place: '江苏省常州市', caller_name: '',
    patient: {
      id: 11, name: '阿莎', gender: 'female', age: 62, tier: 'platinum', tier_title: '白金', vip_level: 2, vip_card: '金卡',
      card_number: 'J1', insurance: '职工医保', id_number_masked: '3204**********1224', phones: [], allergies: '青霉素', cautions: '',
      tags: [], consents: {}, preferred_time: '', next_appointment: null, appointments: [],
    },
    candidates: [], queue: 'booking', queue_title: '预约挂号', priority: 0, department_no_answer: false,
    ivr_path: [{ node: 'main', label: '主菜单', key: '1', at: '2026-11-21T02:00:00Z' }],
    arrived_at: '2026-11-21T02:00:00Z', queued_at: '2026-11-21T02:00:10Z', waited_s: 48, offered_at: '2026-11-21T02:00:58Z',
    answered_at: null, held_since: null, ended_at: null,
    my_leg: { id: 1, kind: 'agent', state: 'ringing', answered_at: null }, consult: null, transferred_from: null,
    is_recording: true, notes: '', notes_saved_at: null, disposition: null, recent_calls: [], requested: null,
    ...over,
  } as Call
}
