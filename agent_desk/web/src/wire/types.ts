/** The shapes on the wire, exactly as the server sends them (times are ISO-8601 UTC strings). */

/** Row ids are numbers, ids of calls and entities are text. */
export type Id = string | number

export type Role = 'agent' | 'supervisor' | 'admin'
export type Permission =
  | 'desk.use' | 'call.control' | 'patient.view' | 'patient.unmask' | 'board.view' | 'agent.monitor' | 'agent.force'
  | 'recording.list' | 'recording.play' | 'campaign.manage' | 'user.manage' | 'audit.view' | 'call.view_all' | 'menu.view' | 'menu.edit'
  | 'booking.edit' | 'patient.edit' | 'patient.merge' | 'schedule.close' | 'lost.view' | 'nuisance.edit' | 'ticket.view' | 'ticket.edit'

export interface User {
  id: Id
  login: string
  name: string
  role: Role
  extension: string | null
  permissions: Permission[]
  must_change_password?: boolean
  must_enrol?: boolean
}

export interface SessionInfo {
  user: User
  server_time: string
  build_id: string
  hospital: { name: string; service_number: string }
  csrf_token: string
}

export interface SoftphoneAccount {
  kind: 'webrtc' | 'sip'
  ws_url: string
  sip_uri: string
  authorization_user: string
  password: string
  display_name: string
  extension: string
}

export interface DemoPhoneAccount {
  ws_url: string
  sip_uri: string
  authorization_user: string
  password: string
  service_number: string
  patients: { number: string; label: string }[]
}

export type AgentStateName = 'offline' | 'ready' | 'paused' | 'ringing' | 'talking' | 'holding' | 'wrap_up'
export type StateBy = 'self' | 'supervisor' | 'system'

export interface Me {
  agent_id: Id
  name: string
  extension: string
  state: AgentStateName
  reason: string | null
  reason_title: string | null
  since: string
  by: StateBy
  wrap_up_until: string | null
  wrap_up_call_id: string | null
  /** Calls whose summary was closed by the clock and still waits for its words. */
  overdue_call_ids?: string[]
  /** He asked for a pause during a call; it comes after it. */
  pause_after?: string | null
  queues: string[]
  is_registered: boolean
  is_signed_on: boolean
  today: { answered: number; outbound: number; avg_talk_s: number | null; missed: number }
}

export type CallStateName =
  | 'dialling' | 'ivr' | 'queued' | 'ringing' | 'talking' | 'held' | 'consulting' | 'conference' | 'department' | 'ended'

export interface PatientPhone {
  id: Id
  masked: string
  relation: string
  relation_title: string
  is_owner: boolean
}

export interface Appointment {
  id?: Id
  starts_at: string
  department_name: string
  doctor_name: string
  place: string
  state?: string
}

export interface PatientCard {
  id: Id
  name: string
  gender: 'male' | 'female' | 'unknown'
  age: number | null
  tier: 'platinum' | 'gold' | 'iron' | 'lead' | null
  tier_title: string
  vip_level: number
  vip_card: string | null
  card_number: string | null
  insurance: string | null
  id_number_masked: string | null
  phones: PatientPhone[]
  allergies: string | string[] | null
  cautions: string | string[] | null
  tags: string[]
  consents: Record<string, boolean>
  preferred_time: string | null
  next_appointment: Appointment | null
  appointments: Appointment[]
}

export interface Candidate {
  id: Id
  name: string
  gender: 'male' | 'female' | 'unknown'
  age: number | null
  relation: string
  relation_title?: string
}

export interface IvrStep {
  node: string
  label: string
  key: string | null
  at: string
}

export interface RecentCall {
  id: string
  at: string
  direction: 'inbound' | 'outbound'
  outcome: string | null
  outcome_title: string | null
  agent_name: string | null
  disposition_title: string | null
}

export interface Call {
  id: string
  direction: 'inbound' | 'outbound'
  state: CallStateName
  number_masked: string
  place: string
  caller_name: string | null
  patient: PatientCard | null
  candidates: Candidate[]
  queue: string | null
  queue_title: string | null
  priority: number | null
  department_no_answer: boolean
  ivr_path: IvrStep[]
  arrived_at: string | null
  queued_at: string | null
  waited_s: number | null
  offered_at: string | null
  answered_at: string | null
  held_since: string | null
  ended_at: string | null
  my_leg: { id: Id; kind: 'agent' | 'consult'; state: 'ringing' | 'talking' | 'ended'; answered_at: string | null } | null
  consult: { label: string; state: 'ringing' | 'talking' } | null
  transferred_from: string | null
  handed_over_notes?: { agent_name: string; notes: string }[]
  is_recording: boolean
  notes: string | null
  notes_saved_at: string | null
  disposition: string | null
  recent_calls: RecentCall[]
  requested: { command: string; at: string } | null
}

export interface QueueBoard {
  name: string
  title: string
  waiting: number
  longest_since: string | null
  ready: number
  talking: number
  signed_on: number
  today: {
    offered: number
    answered: number
    abandoned: number
    quick_abandoned?: number
    answered_in_time?: number
    service_level_ratio: number | null
    avg_wait_s: number | null
  }
}

export interface LinkState { is_up: boolean; since: string }

export interface BoardAgent {
  id: Id
  name: string
  extension: string
  state: AgentStateName
  reason_title: string | null
  since: string
  by: StateBy
  call: { id: string; number_masked: string; queue_title: string | null; since: string } | null
  queues: string[]
  is_registered: boolean
  is_signed_on?: boolean
  monitored_by: string[]
  today: { answered: number; outbound: number; avg_talk_s: number | null }
}

export interface WaitingCaller {
  id: string
  number_masked: string
  patient_name_masked: string | null
  tier_title: string | null
  queue: string
  queue_title: string
  priority: number | null
  queued_at: string
  ivr_path: IvrStep[]
}

export type CampaignStateName = 'draft' | 'running' | 'paused' | 'stopped' | 'finished'

export interface Campaign {
  id: Id
  title: string
  kind: string
  state: CampaignStateName
  total: number
  dialled: number
  answered: number
  completed: number
  partial?: number
  silent?: number
  rejected?: number
  refused: number
  busy: number
  no_answer: number
  unobtainable: number
  failed: number
  to_review: number
  remaining: number
  in_flight: number
  concurrency: number
  started_at: string | null
  window_reason: string | null
  max_attempts?: number
  caller_id?: string
  created_at?: string
  ended_at?: string | null
}

/** What each kind of live entity holds. */
export interface EntityKinds {
  me: Me
  call: Call
  queue: QueueBoard
  link: LinkState
  agent: BoardAgent
  waiting: WaitingCaller
  campaign: Campaign
  alert: { id: string; title: string; at: string }
  /** Something that is asked for again when its stamp changes: `slots:<department>`, `slots:*`, `lost`, `tickets`. */
  topic: { stamp: number }
}
export type EntityKind = keyof EntityKinds

export interface Change {
  version: number
  kind: EntityKind
  id: string
  value: unknown
}

export interface Snapshot {
  version: number
  entities: { kind: EntityKind; id: string; value: unknown }[]
  server_time?: string
}
export type View = 'desk' | 'board'

export interface TransferTargets {
  agents: { id: Id; name: string; extension: string; state: AgentStateName }[]
  queues: { name: string; title: string }[]
  departments: { code: string; name: string }[]
}
export type TransferTargetKind = 'agent' | 'queue' | 'department' | 'number'

export interface Disposition {
  code: string
  title: string
  children?: { code: string; title: string }[]
}

export interface PauseReason { code: string; title: string }
