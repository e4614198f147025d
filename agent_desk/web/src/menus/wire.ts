/** Menus on the wire: trees, versions, kinds of nodes, findings, rehearsals, departures. */
import { api, newIdempotencyKey } from '@/wire/client'

export type Value = string | number | boolean

export interface MenuNode {
  key: string
  kind: string
  title_zh: string
  title_en: string
  prompts: string[]
  choices: Record<string, string>
  parameters: Record<string, Value>
}

export interface MenuTree {
  entry: string
  nodes: MenuNode[]
}

export interface Finding {
  id: string
  node: string
  text_zh: string
  text_en: string
  is_warning: boolean
}

export interface Version {
  id: number
  number: number | null
  state: 'draft' | 'published' | 'superseded'
  lock_version: number
  based_on: number | null
  note: string
  changed_by: string
  changed_at: string
  published_by: string | null
  published_at: string | null
}

export interface Menu extends Version {
  tree: MenuTree
  findings: Finding[]
}

export interface Overview {
  versions: Version[]
  published_id: number | null
  draft: Menu | null
}

export interface Way { name: string; title_zh: string; title_en: string; is_required: boolean }

export interface Parameter {
  name: string
  kind: 'flag' | 'integer' | 'choice' | 'calendar' | 'queue' | 'department' | 'flow'
  title_zh: string
  title_en: string
  is_required: boolean
  minimum: number
  maximum: number
  choices: string[]
  default: Value
}

export interface Kind {
  kind: string
  title_zh: string
  title_en: string
  needs_prompt: boolean
  takes_prompt: boolean
  is_end: boolean
  has_keys: boolean
  ways: Way[]
  parameters: Parameter[]
}

export interface Named { value: string; title_zh: string; title_en: string }

export interface KnownPrompt {
  key: string
  group: string
  text: Record<string, string>
  source: Record<string, string>
}

export interface Kinds {
  menu_keys: string[]
  levels_max: number
  kinds: Kind[]
  queues: Named[]
  departments: Named[]
  flows: Named[]
  calendars: Named[]
  prompts: KnownPrompt[]
}

export interface RehearsedLine {
  kind: 'say' | 'ask' | 'key' | 'record'
  node: string
  key: string
  language: 'zh' | 'en'
  prompts: string[]
  text: string
}

export interface Rehearsal {
  lines: RehearsedLine[]
  nodes: string[]
  end: 'waits' | 'queue' | 'department' | 'hangup' | 'flow' | ''
  target: string
  priority: number
  digits_wanted: number
}

export interface NodeFigures {
  node: string
  title: string
  arrivals: number
  left: number
  left_ratio: number
  keys: { key: string; count: number }[]
}

export type TestCaller = 'unknown' | 'member' | 'elderly' | 'shared'

const once = () => ({ idempotencyKey: newIdempotencyKey() })

export const menuApi = {
  overview: () => api.get<Overview>('/menus'),
  kinds: () => api.get<Kinds>('/menus/kinds'),
  version: (id: number) => api.get<Menu>(`/menus/versions/${id}`),
  begin: (versionId: number | null) => api.post<Menu>('/menus/draft', versionId ? { version_id: versionId } : {}),
  save: (tree: MenuTree, lockVersion: number) => api.put<Menu>('/menus/draft', { tree, lock_version: lockVersion }),
  discard: (lockVersion: number) => api.post<void>('/menus/draft/discard', { lock_version: lockVersion }),
  publish: (lockVersion: number, note: string) => api.post<Version>('/menus/draft/publish', { lock_version: lockVersion, note }, once()),
  rollBack: (id: number, note: string) => api.post<Version>(`/menus/versions/${id}/roll_back`, { note }, once()),
  check: (tree: MenuTree) => api.post<{ findings: Finding[] }>('/menus/check', { tree }),
  rehearse: (tree: MenuTree, keys: string[], at: string, caller: TestCaller) =>
    api.post<Rehearsal>('/menus/rehearsal', { tree, keys, at, caller }),
  departures: (since: string, until: string) =>
    api.get<{ since: string; until: string; items: NodeFigures[] }>('/menus/departures', { query: { since, until } }),
}
