/** What a reloaded page needs to take its call back: the SIP dialog (RFC 3891), kept for this tab only. */

export interface SavedDialog {
  /** SIP Call-ID and tags as this side of the dialog calls them. */
  sipCallId: string
  localTag: string
  remoteTag: string
}

interface Saved {
  savedAtMs: number
  dialogs: SavedDialog[]
}

const KEY = 'hotline.dialogs'
/** The exchange drops a browser without sound after 15 s; a later try would only meet a 481. */
export const RECLAIM_LIMIT_MS = 13_000

export function saveDialogs(dialogs: SavedDialog[]): void {
  try {
    if (dialogs.length === 0) sessionStorage.removeItem(KEY)
    else sessionStorage.setItem(KEY, JSON.stringify({ savedAtMs: Date.now(), dialogs } satisfies Saved))
  } catch {
    // without storage a reload loses the sound, as it would anyway
  }
}

/** Gives the dialogs once and forgets them. */
export function takeDialogs(nowMs: number = Date.now()): SavedDialog[] {
  try {
    const saved = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Saved | null
    sessionStorage.removeItem(KEY)
    return saved && nowMs - saved.savedAtMs < RECLAIM_LIMIT_MS ? saved.dialogs : []
  } catch {
    return []
  }
}

/** As the receiver sees it: his own tag is `to-tag`, ours is `from-tag` (RFC 3891 §3). */
export function replacesHeader(dialog: SavedDialog): string {
  return `Replaces: ${dialog.sipCallId};to-tag=${dialog.remoteTag};from-tag=${dialog.localTag}`
}
