/** What the exchange tells the telephone in SIP headers. */

export interface HeaderReader {
  getHeader(name: string): string | undefined
}

/** True when the exchange asks for an answer without a click (click-to-dial, a supervisor's listening). */
export function isAutoAnswer(headers: HeaderReader): boolean {
  if (headers.getHeader('X-Hotline-Auto-Answer')?.trim() === '1') return true
  if (/answer-after\s*=\s*0\b/i.test(headers.getHeader('Call-Info') ?? '')) return true
  return /\b(auto-?answer|alert-autoanswer)\b/i.test(headers.getHeader('Alert-Info') ?? '')
}
