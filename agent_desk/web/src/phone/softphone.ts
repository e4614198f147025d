/** The agent's telephone in the browser: registration light, the calls on it, and what a click does to them. */
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'

import { phoneApi } from '@/wire/commands'
import type { SoftphoneAccount } from '@/wire/types'
import { Line, type PhoneCall, type Registration } from './line'
import { Ringer } from './ringer'
import { saveDialogs, takeDialogs } from './saved_dialogs'
import { TabOwner } from './tab_owner'

const REGISTER_WAIT_MS = 12_000
/** Browsers give these names; the desk has a sentence for each. */
export type PhoneProblem =
  | 'NotAllowedError' | 'NotFoundError' | 'NotReadableError' | 'insecure' | 'not_registered' | 'no_account' | 'other'

type Command =
  | { verb: 'answer' | 'reject' | 'hang_up'; id: string }
  | { verb: 'mute' | 'hold'; id: string; on: boolean }
  | { verb: 'digits'; id: string; digits: string }

interface SharedState {
  registration: Registration
  cause: string | null
  calls: PhoneCall[]
}

export const useSoftphone = defineStore('softphone', () => {
  const account = ref<SoftphoneAccount | null>(null)
  const registration = ref<Registration>('off')
  const cause = ref<string | null>(null)
  const calls = ref<PhoneCall[]>([])
  const isOwner = ref(false)
  const isStarted = ref(false)
  const isRingUnlocked = ref(false)
  const problem = ref<PhoneProblem | null>(null)
  const ringer = new Ringer()

  const line = new Line({
    onRegistration: (state, why) => {
      registration.value = state
      cause.value = why
      if (state === 'registered') takeDialogs().forEach((dialog) => line.reclaim(dialog))
      share()
    },
    onCalls: (list) => {
      calls.value = list
      share()
    },
    onMicrophone: (name) => { problem.value = problemOf(name) },
  })

  const owner = new TabOwner({
    onOwn: () => {
      isOwner.value = true
      if (account.value?.kind === 'webrtc') void line.start(account.value)
    },
    onState: (state) => {
      const shared = state as SharedState
      registration.value = shared.registration
      cause.value = shared.cause
      calls.value = shared.calls
    },
    onCommand: (command) => act(command as Command),
    onHello: () => share(),
  })

  const isDeskPhone = computed(() => account.value?.kind === 'sip')
  const isRegistered = computed(() => registration.value === 'registered')
  const ringing = computed(() =>
    calls.value.find((call) => call.direction === 'incoming' && call.state === 'ringing') ?? null)
  const active = computed(() => calls.value.find((call) => call.state === 'talking')
    ?? calls.value.find((call) => call.state === 'connecting' || call.direction === 'outgoing') ?? null)

  function share(): void {
    owner.publish({ registration: registration.value, cause: cause.value, calls: calls.value } satisfies SharedState)
  }

  function act(command: Command): void {
    if (!isOwner.value) {
      owner.command(command)
      return
    }
    switch (command.verb) {
      case 'answer': return line.answer(command.id)
      case 'reject': return line.reject(command.id)
      case 'hang_up': return line.hangUp(command.id)
      case 'mute': return line.setMuted(command.id, command.on)
      case 'hold': return void line.setHeld(command.id, command.on)
      case 'digits': return line.sendDigits(command.id, command.digits)
    }
  }

  /** The page is going, perhaps to come back at once: leave word how to find the call again. */
  function onPageHide(): void {
    if (isOwner.value) saveDialogs(line.dialogs)
  }

  /** Inside a click: makes the ring audible. */
  async function unlockRing(): Promise<void> {
    isRingUnlocked.value = await ringer.unlock()
  }

  async function checkMicrophone(): Promise<PhoneProblem | null> {
    if (!window.isSecureContext || !navigator.mediaDevices) return 'insecure'
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
      stream.getTracks().forEach((track) => track.stop())
      return null
    } catch (error) {
      return problemOf(error instanceof Error ? error.name : '')
    }
  }

  /** Registers the telephone (or starts watching the tab that owns it). Resolves when registered, or with the problem. */
  async function start(userId: string): Promise<PhoneProblem | null> {
    problem.value = null
    try {
      account.value = await phoneApi.softphone()
    } catch {
      return (problem.value = 'no_account')
    }
    if (account.value.kind === 'sip') {
      isStarted.value = true
      return null
    }
    problem.value = await checkMicrophone()
    if (problem.value) return problem.value
    if (isStarted.value && isOwner.value) {
      line.stop()
      await line.start(account.value)
    }
    owner.start(`hotline-phone-${userId}`)
    isStarted.value = true
    const isReady = await waitFor(() => isRegistered.value, REGISTER_WAIT_MS)
    if (!isReady) problem.value = 'not_registered'
    return problem.value
  }

  function stop(): void {
    if (isOwner.value) line.stop()
    owner.stop()
    ringer.stop()
    isOwner.value = isStarted.value = false
    account.value = null
    registration.value = 'off'
    calls.value = []
  }

  const oneOf = (id: string | undefined, fallback: PhoneCall | null) => id ?? fallback?.id
  function answer(id?: string): void {
    const target = oneOf(id, ringing.value)
    if (target) act({ verb: 'answer', id: target })
  }
  function reject(id?: string): void {
    const target = oneOf(id, ringing.value)
    if (target) act({ verb: 'reject', id: target })
  }
  function hangUp(): boolean {
    if (!active.value) return false
    act({ verb: 'hang_up', id: active.value.id })
    return true
  }
  function toggleMute(): void {
    if (active.value) act({ verb: 'mute', id: active.value.id, on: !active.value.isMuted })
  }
  function toggleHold(): void {
    if (active.value) act({ verb: 'hold', id: active.value.id, on: !active.value.isHeld })
  }
  function sendDigits(digits: string): boolean {
    if (!active.value) return false
    act({ verb: 'digits', id: active.value.id, digits })
    return true
  }

  watch([ringing, active, isOwner], () => {
    if (!isOwner.value || !ringing.value || ringing.value.isAutoAnswer) ringer.stop()
    else ringer.play(active.value ? 'waiting' : 'ring')
  })
  watch(() => active.value?.isAutoAnswer && active.value.id, (id) => { if (id && isOwner.value) ringer.beep() })

  return {
    account, registration, cause, calls, isOwner, isStarted, isRingUnlocked, problem, onPageHide, isDeskPhone, isRegistered,
    ringing, active, start, stop, unlockRing, checkMicrophone, answer, reject, hangUp, toggleMute, toggleHold, sendDigits,
  }
})

function problemOf(name: string): PhoneProblem {
  const known: PhoneProblem[] = ['NotAllowedError', 'NotFoundError', 'NotReadableError']
  return known.find((one) => one === name) ?? 'other'
}

/** True as soon as the condition holds, false after the limit. */
export function waitFor(condition: () => boolean, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = watch(condition, (isTrue) => { if (isTrue) end(true) })
    const timer = setTimeout(() => end(false), limitMs)
    function end(result: boolean): void {
      clearTimeout(timer)
      queueMicrotask(() => stop())
      resolve(result)
    }
    if (condition()) end(true)
  })
}
