/** A campaign's figures as shares and colours; what each counts is said by the server (one contact, once). */
import type { Campaign, CampaignStateName } from '@/wire/types'

export const CAMPAIGN_STATE_COLOURS: Record<CampaignStateName, string> = {
  draft: 'var(--hl-paused)',
  running: 'var(--hl-ready)',
  paused: 'var(--hl-holding)',
  stopped: 'var(--el-color-danger)',
  finished: 'var(--hl-talking)',
}

export interface Part {
  id: 'completed' | 'partial' | 'silent' | 'refused' | 'busy' | 'no_answer' | 'rejected' | 'unobtainable' | 'failed' | 'to_review'
  colour: string
  value: number
}

const COLOURS: [Part['id'], string][] = [
  ['completed', '#1d7f45'], ['partial', '#5fae7f'], ['silent', '#9cb3a5'], ['refused', '#c0322b'], ['busy', '#d98200'],
  ['no_answer', '#e3b463'], ['rejected', '#b4686a'], ['unobtainable', '#7a8490'], ['failed', '#4a5460'], ['to_review', '#6d3fb0'],
]

/** Outcomes in the order they are drawn; the rest of the bar is who still waits. */
export function partsOf(campaign: Campaign): Part[] {
  return COLOURS.map(([id, colour]) => ({ id, colour, value: campaign[id] ?? 0 })).filter((part) => part.value > 0)
}

const share = (part: number, whole: number) => (whole > 0 ? part / whole : null)

/** `answered`: picked up / dialled; `completed`: surveys finished / picked up. Null before the first. */
export function ratios(campaign: Campaign): { answered: number | null; completed: number | null } {
  return { answered: share(campaign.answered, campaign.dialled), completed: share(campaign.completed, campaign.answered) }
}
