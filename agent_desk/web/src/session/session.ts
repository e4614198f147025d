/** Who is logged in, what they may do, and how far the browser's clock is from the server's. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

import { setServerTime } from '@/text/server_clock'
import { ApiError, onUnauthorised } from '@/wire/client'
import { sessionApi } from '@/wire/commands'
import type { Permission, SessionInfo } from '@/wire/types'

export const useSession = defineStore('session', () => {
  const info = ref<SessionInfo | null>(null)
  const isLoaded = ref(false)
  /** The login ended while the page was open: ask again on top of it, so that nothing typed is lost. */
  const isExpired = ref(false)
  const endedReason = ref<string | null>(null)
  const unreachable = ref(false)
  let loading: Promise<boolean> | null = null

  const user = computed(() => info.value?.user ?? null)
  const hospital = computed(() => info.value?.hospital ?? { name: '', service_number: '' })
  const isOutdated = computed(() => !!info.value && !!info.value.build_id && info.value.build_id !== __BUILD_ID__)

  function can(permission: Permission): boolean {
    return user.value?.permissions.includes(permission) ?? false
  }

  /** Asks the server who we are; several who ask at once share one answer. False when nobody is logged in. */
  function load(): Promise<boolean> {
    loading ??= read().finally(() => { loading = null })
    return loading
  }

  async function read(): Promise<boolean> {
    const askedMs = Date.now()
    try {
      info.value = await sessionApi.read()
      setServerTime(info.value.server_time, (askedMs + Date.now()) / 2)
      isExpired.value = false
      unreachable.value = false
    } catch (error) {
      // an expired person stays on the screen until the same one has logged in again
      if (error instanceof ApiError && error.status === 401) info.value = isExpired.value ? info.value : null
      else unreachable.value = true
    }
    isLoaded.value = true
    return info.value !== null && !isExpired.value
  }

  async function login(name: string, password: string, totp: string): Promise<void> {
    await sessionApi.login(name, password, totp)
    endedReason.value = null
    await load()
  }

  async function logout(): Promise<void> {
    try {
      await sessionApi.logout()
    } finally {
      info.value = null
      isExpired.value = false
    }
  }

  function expire(reason: string | null = null): void {
    if (!info.value) return
    endedReason.value = reason
    isExpired.value = true
  }

  onUnauthorised(() => expire())
  return { info, isLoaded, isExpired, endedReason, unreachable, user, hospital, isOutdated, can, load, login, logout, expire }
})
