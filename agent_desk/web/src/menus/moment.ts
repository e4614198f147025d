/** Moments as people in the hospital read them from the wall, whatever zone the browser stands in. */
const ZONE = 'Asia/Shanghai'
const OFFSET = '+08:00'
const parts = new Intl.DateTimeFormat('sv-SE', {
  timeZone: ZONE, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
})

/** 2026-11-23 10:02, the value of a date picker with VALUE_FORMAT. */
export const VALUE_FORMAT = 'YYYY-MM-DD HH:mm'
export const wallText = (ms: number): string => parts.format(new Date(ms))
/** The same moment as the server reads it. China has had no summer time since 1991. */
export const wallIso = (text: string): string => `${text.replace(' ', 'T')}:00${OFFSET}`
