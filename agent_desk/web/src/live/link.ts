/** The Socket.IO line to the server: subscribes to views, feeds the entities, and tells at once when it is lost. */
import { defineStore } from 'pinia'
import { io, type Socket } from 'socket.io-client'
import { computed, ref } from 'vue'

import { useSession } from '@/session/session'
import { useEntities } from './entities'
import { serverNowMs } from '@/text/server_clock'
import type { Change, Snapshot, View } from '@/wire/types'

const SUBSCRIBE_TIMEOUT_MS = 8_000
const RETRY_SUBSCRIBE_MS = 2_000
const ACTIVITY_STEP_MS = 60_000

export const useLink = defineStore('link', () => {
  const entities = useEntities()
  const session = useSession()
  const isConnected = ref(false)
  const isFresh = ref(false)
  const lostSinceMs = ref<number | null>(null)
  const wanted = new Set<View>()
  let socket: Socket | null = null
  let generation = 0
  let notedMs = 0

  /** Down since: the earlier of our own line and the server's line to the telephone system. */
  const downSinceMs = computed(() => {
    if (lostSinceMs.value !== null) return lostSinceMs.value
    const telephony = entities.telephony
    return telephony && !telephony.is_up ? Date.parse(telephony.since) : null
  })
  const isUp = computed(() => isConnected.value && downSinceMs.value === null)

  async function subscribe(view: View): Promise<void> {
    const line = socket
    const mine = generation
    if (!line?.connected) return
    try {
      const snapshot: Snapshot & { error?: { code: string } } =
        await line.timeout(SUBSCRIBE_TIMEOUT_MS).emitWithAck('subscribe', { view })
      if (mine !== generation || !wanted.has(view)) return
      if (snapshot?.error) return
      entities.load(view, snapshot)
      isFresh.value = true
    } catch {
      if (mine === generation && line.connected) setTimeout(() => void subscribe(view), RETRY_SUBSCRIBE_MS)
    }
  }

  function open(): void {
    if (socket) return
    lostSinceMs.value ??= serverNowMs()
    const line = io({
      path: '/socket.io',
      transports: ['websocket'],
      withCredentials: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 4_000,
      timeout: 5_000,
    })
    socket = line
    line.on('connect', () => {
      generation += 1
      isConnected.value = true
      lostSinceMs.value = null
      entities.forgetVersions()
      // it may be another server process, with another build of this page
      if (generation > 1) void session.load()
      wanted.forEach((view) => void subscribe(view))
    })
    line.on('disconnect', (reason) => {
      markLost()
      // "io server disconnect" is the server's decision: ask who we are before trying again
      if (reason === 'io server disconnect') void session.load().then((isIn) => (isIn ? line.connect() : session.expire()))
    })
    line.on('connect_error', () => markLost())
    line.on('change', (change: Change) => entities.apply(change))
    line.on('revoked', (notice: { reason?: string }) => session.expire(notice?.reason ?? 'revoked'))
  }

  function markLost(): void {
    isConnected.value = false
    isFresh.value = false
    lostSinceMs.value ??= serverNowMs()
  }

  /** Keeps a view up to date from now on. */
  function want(view: View): void {
    if (wanted.has(view)) return
    wanted.add(view)
    void subscribe(view)
  }

  function drop(view: View): void {
    wanted.delete(view)
    socket?.emit('unsubscribe', { view })
  }

  /** After a new login on the same page: the socket must carry the new session. */
  function reopen(): void {
    close()
    open()
  }

  /** The person is there: the server counts idle time (once a minute is enough). */
  function noteActivity(): void {
    const nowMs = Date.now()
    if (!socket?.connected || nowMs - notedMs < ACTIVITY_STEP_MS) return
    notedMs = nowMs
    socket.emit('active', {})
  }

  function close(): void {
    generation += 1
    socket?.disconnect()
    socket?.removeAllListeners()
    socket = null
    isConnected.value = false
    isFresh.value = false
    lostSinceMs.value = null
  }

  return { noteActivity, isConnected, isFresh, isUp, lostSinceMs, downSinceMs, open, reopen, close, want, drop }
})
