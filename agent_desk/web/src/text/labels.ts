/** Which word and which colour belong to a state. One table each; the words themselves are in i18n. */
import type { AgentStateName, CallStateName } from '@/wire/types'

export const AGENT_STATE_COLOURS: Record<AgentStateName, string> = {
  ready: 'var(--hl-ready)',
  talking: 'var(--hl-talking)',
  holding: 'var(--hl-holding)',
  ringing: 'var(--hl-ringing)',
  wrap_up: 'var(--hl-wrap-up)',
  paused: 'var(--hl-paused)',
  offline: 'var(--hl-offline)',
}

export const CALL_STATE_COLOURS: Record<CallStateName, string> = {
  dialling: 'var(--hl-ringing)',
  ivr: 'var(--hl-paused)',
  queued: 'var(--hl-holding)',
  ringing: 'var(--hl-ringing)',
  talking: 'var(--hl-talking)',
  held: 'var(--hl-holding)',
  consulting: 'var(--hl-wrap-up)',
  conference: 'var(--hl-wrap-up)',
  department: 'var(--hl-talking)',
  ended: 'var(--hl-offline)',
}

export const TIER_COLOURS: Record<string, string> = {
  platinum: '#47566b',
  gold: '#8a6100',
  iron: '#5b6673',
  lead: '#5b6673',
}
