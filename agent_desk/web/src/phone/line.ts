/** The one door to JsSIP: a registered telephone line with its calls, as plain values and a few verbs. */
import type { RTCSession } from 'jssip/lib/RTCSession'
import type { RTCSessionEvent, UA } from 'jssip/lib/UA'

import { isAutoAnswer, type HeaderReader } from './headers'
import { replacesHeader, type SavedDialog } from './saved_dialogs'

export type Registration = 'off' | 'connecting' | 'registered' | 'failed'

export interface PhoneCall {
  id: string
  direction: 'incoming' | 'outgoing'
  state: 'ringing' | 'connecting' | 'talking'
  isMuted: boolean
  isHeld: boolean
  isAutoAnswer: boolean
  remoteName: string
  /** The house's CallId when the exchange told it in `X-Hotline-Call-Id`, else null. */
  callId: string | null
  answeredAtMs: number | null
}

export interface LineAccount {
  ws_url: string
  sip_uri: string
  authorization_user: string
  password: string
  display_name?: string
}

export interface LineListener {
  onRegistration(state: Registration, cause: string | null): void
  onCalls(calls: PhoneCall[]): void
  onEnded?(call: PhoneCall, cause: string, origin: 'local' | 'remote' | 'system'): void
  onMicrophone?(problem: string): void
}

interface Held {
  session: RTCSession
  call: PhoneCall
  audio: HTMLAudioElement
}

const MEDIA: MediaStreamConstraints = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: false,
}
/** On a hospital's own network host candidates are enough; waiting for the end of gathering costs up to 40 s. */
const PEER_CONFIG: RTCConfiguration = { iceServers: [] }
const GATHERING_LIMIT_MS = 800
/** Long enough for the exchange to begin its music, which is what renews its way of converting the sound. */
const REFRESH_MS = 250
const REGISTER_EXPIRES_S = 120
const TONE_MS = 120
const TONE_GAP_MS = 70

export class Line {
  private ua: UA | null = null
  private ownUri = ''
  private readonly held = new Map<string, Held>()

  constructor(private readonly listener: LineListener) {}

  async start(account: LineAccount): Promise<void> {
    const { default: JsSIP } = await import('jssip')
    if (this.ua) return
    JsSIP.debug.disable()
    const ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(account.ws_url)],
      uri: account.sip_uri,
      authorization_user: account.authorization_user,
      password: account.password,
      ...(account.display_name ? { display_name: account.display_name } : {}),
      register: true,
      register_expires: REGISTER_EXPIRES_S,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 8,
      user_agent: 'Hotline desk',
    })
    this.ua = ua
    this.ownUri = account.sip_uri
    /** A stopped agent still says goodbye; only the present one speaks for the line. */
    const tell = (state: Registration, cause: string | null) => {
      if (this.ua === ua) this.listener.onRegistration(state, cause)
    }
    ua.on('connecting', () => tell('connecting', null))
    ua.on('registered', () => tell('registered', null))
    ua.on('unregistered', () => tell('connecting', null))
    ua.on('registrationFailed', (event: { cause?: string }) => tell('failed', event.cause ?? 'failed'))
    ua.on('disconnected', () => tell('connecting', 'disconnected'))
    ua.on('newRTCSession', (event: RTCSessionEvent) => this.adopt(event))
    ua.start()
  }

  stop(): void {
    const ua = this.ua
    this.ua = null
    ua?.stop()
    this.listener.onRegistration('off', null)
  }

  get calls(): PhoneCall[] {
    return [...this.held.values()].map(({ call }) => ({ ...call }))
  }

  get isStarted(): boolean {
    return this.ua !== null
  }

  dial(target: string, extraHeaders: string[] = []): string | null {
    const session = this.ua?.call(target, { mediaConstraints: MEDIA, pcConfig: PEER_CONFIG, extraHeaders })
    return session ? session.id : null
  }

  /** The dialogs of the calls in progress, for a page that may be reloaded. */
  get dialogs(): SavedDialog[] {
    return [...this.held.values()].filter(({ call }) => call.state === 'talking').flatMap(({ session }) => {
      const id = (session as unknown as { _dialog?: { id?: Record<string, string> } })._dialog?.id
      return id?.call_id && id.local_tag && id.remote_tag
        ? [{ sipCallId: id.call_id, localTag: id.local_tag, remoteTag: id.remote_tag }] : []
    })
  }

  /**
   * Takes the place of a call this page had before it was reloaded.
   *
   * Hold and back at once: Asterisk with native PLC (Debian's) drops, as late, the sound of a new source whose RTP sequence
   * number lies behind the old one's, so in every second reload the caller would hear nothing. Hold makes it start afresh.
   */
  reclaim(dialog: SavedDialog): void {
    const id = this.ownUri ? this.dial(this.ownUri, [replacesHeader(dialog)]) : null
    const session = id === null ? null : this.held.get(id)?.session
    session?.on('confirmed', () => { session.hold({}, () => { setTimeout(() => session.unhold(), REFRESH_MS) }) })
  }

  answer(id: string): void {
    const held = this.held.get(id)
    if (!held || held.call.direction !== 'incoming' || held.call.state !== 'ringing') return
    this.update(held, { state: 'connecting' })
    held.session.answer({ mediaConstraints: MEDIA, pcConfig: PEER_CONFIG })
  }

  /** Refuses with 486 while it rings. */
  reject(id: string): void {
    const held = this.held.get(id)
    if (held && !held.session.isEnded()) held.session.terminate({ status_code: 486, reason_phrase: 'Busy Here' })
  }

  hangUp(id: string): void {
    const held = this.held.get(id)
    if (!held || held.session.isEnded()) return
    if (held.call.direction === 'incoming' && held.call.state === 'ringing') this.reject(id)
    else held.session.terminate()
  }

  setMuted(id: string, isMuted: boolean): void {
    const held = this.held.get(id)
    if (!held) return
    if (isMuted) held.session.mute({ audio: true })
    else held.session.unmute({ audio: true })
  }

  /** False when the line is busy renegotiating: try again. */
  setHeld(id: string, isHeld: boolean): boolean {
    const held = this.held.get(id)
    if (!held) return false
    return isHeld ? held.session.hold() : held.session.unhold()
  }

  sendDigits(id: string, digits: string): void {
    const held = this.held.get(id)
    held?.session.sendDTMF(digits, {
      duration: TONE_MS, interToneGap: TONE_GAP_MS, transportType: 'RFC2833' as never,
    })
  }

  private adopt({ session, request, originator }: RTCSessionEvent): void {
    const headers = request as unknown as HeaderReader
    const isIncoming = originator === 'remote'
    const held: Held = {
      session,
      audio: makeAudio(),
      call: {
        id: session.id,
        direction: isIncoming ? 'incoming' : 'outgoing',
        state: isIncoming ? 'ringing' : 'connecting',
        isMuted: false,
        isHeld: false,
        isAutoAnswer: isIncoming && isAutoAnswer(headers),
        remoteName: session.remote_identity?.display_name || session.remote_identity?.uri?.user || '',
        callId: (isIncoming && headers.getHeader('X-Hotline-Call-Id')) || null,
        answeredAtMs: null,
      },
    }
    this.held.set(session.id, held)
    this.follow(held)
    this.tell()
    if (held.call.isAutoAnswer) this.answer(session.id)
  }

  private follow(held: Held): void {
    const { session } = held
    const playFrom = (connection: RTCPeerConnection) => {
      connection.addEventListener('track', (event) => {
        held.audio.srcObject = event.streams[0] ?? new MediaStream([event.track])
        void held.audio.play().catch(() => undefined)
      })
    }
    if (session.connection) playFrom(session.connection)
    session.on('peerconnection', ({ peerconnection }) => playFrom(peerconnection))
    let gathering: ReturnType<typeof setTimeout> | null = null
    session.on('icecandidate', ({ ready }) => { gathering ??= setTimeout(ready, GATHERING_LIMIT_MS) })
    session.on('sdp', () => { gathering = null })
    session.on('progress', () => { if (held.call.direction === 'outgoing') this.update(held, { state: 'ringing' }) })
    session.on('confirmed', () => this.update(held, { state: 'talking', answeredAtMs: Date.now() }))
    session.on('hold', ({ originator }) => { if (originator === 'local') this.update(held, { isHeld: true }) })
    session.on('unhold', ({ originator }) => { if (originator === 'local') this.update(held, { isHeld: false }) })
    session.on('muted', () => this.update(held, { isMuted: true }))
    session.on('unmuted', () => this.update(held, { isMuted: false }))
    session.on('getusermediafailed', (error: unknown) =>
      this.listener.onMicrophone?.(error instanceof Error ? error.name : String(error)))
    session.on('ended', ({ cause, originator }) => this.drop(held, cause, originator))
    session.on('failed', ({ cause, originator }) => this.drop(held, cause, originator))
  }

  private drop(held: Held, cause: string, originator: string): void {
    if (!this.held.delete(held.session.id)) return
    held.audio.srcObject = null
    held.audio.remove()
    this.tell()
    this.listener.onEnded?.({ ...held.call }, cause, originator as 'local' | 'remote' | 'system')
  }

  private update(held: Held, part: Partial<PhoneCall>): void {
    Object.assign(held.call, part)
    this.tell()
  }

  private tell(): void {
    this.listener.onCalls(this.calls)
  }
}

function makeAudio(): HTMLAudioElement {
  const audio = document.createElement('audio')
  audio.autoplay = true
  audio.hidden = true
  audio.dataset.testid = 'remote-audio'
  document.body.append(audio)
  return audio
}
