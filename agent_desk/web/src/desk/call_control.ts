/** What may be done with the call just now, and doing it: the softphone's verbs and the server's commands together. */
import { computed } from 'vue'

import { useEntities } from '@/live/entities'
import { useSoftphone } from '@/phone/softphone'
import { callApi, deskApi, type DialTarget } from '@/wire/commands'
import type { Call, Id, Me, TransferTargetKind } from '@/wire/types'
import { useCallTabs } from './call_tabs'
import { useRequests, type Request } from './requests'

const TALKING_STATES = new Set(['talking', 'held', 'consulting', 'conference'])

export function useCallControl() {
  const entities = useEntities()
  const phone = useSoftphone()
  const tabs = useCallTabs()
  const requests = useRequests()

  const live = computed(() => tabs.live)
  const isTalking = computed(() => !!live.value && TALKING_STATES.has(live.value.state) || phone.active?.state === 'talking')
  const isHeld = computed(() => live.value?.state === 'held' || (!live.value && !!phone.active?.isHeld))
  const isMuted = computed(() => !!phone.active?.isMuted)
  const isConsulting = computed(() => !!live.value?.consult)

  const canAnswer = computed(() => !!phone.ringing)
  const canHangUp = computed(() => !!phone.active || !!live.value)
  const canHold = computed(() => phone.active?.state === 'talking' && !isConsulting.value)
  const canMute = computed(() => phone.active?.state === 'talking')
  /** Who is only being asked for advice cannot give the patient away; once the call is his he can. */
  const isAdviser = computed(() => live.value?.my_leg?.kind === 'consult' && live.value.state === 'consulting')
  const canTransfer = computed(() =>
    !!live.value && !isAdviser.value && !isConsulting.value && TALKING_STATES.has(live.value.state))
  const canSendDigits = computed(() => isTalking.value)
  const canDial = computed(() => !!entities.me?.is_signed_on && !live.value && !phone.active
    && ['ready', 'paused', 'wrap_up'].includes(entities.me.state))

  const onCall = (command: string, call: Call, action: Request['action'], isConfirmed?: (call: Call) => boolean) =>
    requests.run({
      command, kind: 'call', id: call.id, action,
      ...(isConfirmed ? { isConfirmed: (value: unknown) => isConfirmed(value as Call) } : {}),
    })
  const onMe = (command: string, action: Request['action'], isConfirmed?: (me: Me) => boolean) =>
    requests.run({
      command, kind: 'me', id: 'me', action,
      ...(isConfirmed ? { isConfirmed: (value: unknown) => isConfirmed(value as Me) } : {}),
    })

  /** Our own click, or what the server says is under way. */
  function isRequested(command: string, call: Call | null = live.value): boolean {
    return !!call && (requests.isPending(command, call.id) || call.requested?.command === command)
  }
  const isMeRequested = (command: string) => requests.isPending(command, 'me')

  /** The sound that belongs to a pop: told by the exchange, else the only one that rings. */
  function soundOf(call: Call | null) {
    const ringing = phone.calls.filter((one) => one.direction === 'incoming' && one.state === 'ringing')
    return ringing.find((one) => call && one.callId === call.id) ?? ringing[0] ?? null
  }

  function answer(call: Call | null = tabs.ringing[0] ?? null): void {
    const sound = soundOf(call)
    if (!sound) return
    if (call) {
      tabs.select(call.id)
      void onCall('answer', call, () => phone.answer(sound.id), (now) => now.my_leg?.state !== 'ringing')
    } else {
      phone.answer(sound.id)
    }
  }

  function reject(call: Call | null = tabs.ringing[0] ?? null): void {
    const sound = soundOf(call)
    if (sound) phone.reject(sound.id)
  }

  function hangUp(): void {
    const call = live.value
    if (!call) return void phone.hangUp()
    void onCall('hang_up', call, () => (phone.hangUp() ? undefined : callApi.hangUp(call.id)))
  }

  /** F2: answers what rings, else hangs up. */
  function answerOrHangUp(): void {
    if (phone.ringing) answer()
    else if (canHangUp.value) hangUp()
  }

  function toggleMute(): void {
    if (canMute.value) phone.toggleMute()
  }

  function toggleHold(): void {
    if (!canHold.value) return
    const call = live.value
    if (!call) return phone.toggleHold()
    const willHold = !isHeld.value
    void onCall('hold', call, () => phone.toggleHold(), (now) => (now.state === 'held') === willHold)
  }

  function sendDigits(digits: string): void {
    if (!phone.sendDigits(digits) && live.value) void callApi.digits(live.value.id, digits).catch(() => undefined)
  }

  function transfer(call: Call, kind: 'blind' | 'attended', target: { kind: TransferTargetKind; value: string }) {
    return onCall('transfer', call, () => callApi.transfer(call.id, kind, target))
  }
  const completeConsult = (call: Call) => onCall('consult_complete', call, () => callApi.completeConsult(call.id))
  const cancelConsult = (call: Call) =>
    onCall('consult_cancel', call, () => callApi.cancelConsult(call.id), (now) => !now.consult)
  const conference = (call: Call) =>
    onCall('conference', call, () => callApi.conference(call.id), (now) => now.state === 'conference')
  const choosePatient = (call: Call, patientId: Id) =>
    onCall('patient', call, () => callApi.choosePatient(call.id, patientId), (now) => now.patient?.id === patientId)

  const dial = (target: DialTarget) => onMe('dial', () => callApi.dial(target))
  const ready = () => onMe('ready', () => deskApi.ready())
  const pause = (reason: string) => onMe('pause', () => deskApi.pause(reason))
  const signOff = () => onMe('sign_off', () => deskApi.signOff(), (me) => !me.is_signed_on)
  const signOn = () => onMe('sign_on', () => deskApi.signOn(), (me) => me.is_signed_on)

  return {
    live, isTalking, isHeld, isMuted, isConsulting, canAnswer, canHangUp, canHold, canMute, canTransfer, canSendDigits,
    canDial, isRequested, isMeRequested, soundOf, answer, reject, hangUp, answerOrHangUp, toggleMute, toggleHold,
    sendDigits, transfer, completeConsult, cancelConsult, conference, choosePatient, dial, ready, pause, signOff, signOn,
  }
}
