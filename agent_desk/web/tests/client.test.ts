/** The REST door: CSRF, idempotency, errors. */
import { afterEach, describe, expect, it, vi } from 'vitest'

import { api, ApiError, newIdempotencyKey, onUnauthorised, readCookie } from '@/wire/client'
import { callApi } from '@/wire/commands'

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response(JSON.stringify(body), { status, headers }))

describe('client', () => {
  afterEach(() => { document.cookie = 'hotline_csrf=; Max-Age=0' })

  it('given a CSRF cookie, when a command is sent, then its header carries the token and the command a key of its own', async () => {
    document.cookie = 'hotline_csrf=secret%3D1'
    const fetched = answer(202, {})
    await callApi.hangUp('a/b c')
    const [url, init] = fetched.mock.calls[0]!
    const headers = init!.headers as Record<string, string>
    expect(url).toBe('/api/v1/calls/a%2Fb%20c/hang_up')
    expect(headers['X-CSRF-Token']).toBe('secret=1')
    expect(headers['Idempotency-Key']).toMatch(/^[0-9a-f]{32}$/)
    expect(init!.credentials).toBe('same-origin')
  })

  it('given a crossed CSRF token, when a command meets it, then the token is fetched and the command sent once more', async () => {
    const refusal = () => new Response(JSON.stringify({ error: { code: 'csrf' } }), { status: 403 })
    const fetched = vi.spyOn(globalThis, 'fetch').mockResolvedValueOnce(refusal())
      .mockResolvedValueOnce(new Response('{}', { status: 401 })).mockResolvedValueOnce(new Response('{}', { status: 200 }))
    await api.post('/login', {})
    expect(fetched.mock.calls.map(([url]) => url)).toEqual(['/api/v1/login', '/api/v1/session', '/api/v1/login'])
    fetched.mockResolvedValueOnce(refusal()).mockResolvedValueOnce(new Response('{}')).mockResolvedValueOnce(refusal())
    await expect(api.post('/login', {})).rejects.toMatchObject({ code: 'csrf' })
  })

  it('given a read, when it is sent, then empty parameters are left out and no token is shown', async () => {
    const fetched = answer(200, {})
    await api.get('/recordings', { query: { number: '', from: '2026-11-21T00:00:00+08:00', min_s: null, max_s: 0 } })
    const [url, init] = fetched.mock.calls[0]!
    expect(url).toBe('/api/v1/recordings?from=2026-11-21T00%3A00%3A00%2B08%3A00&max_s=0')
    expect(init!.headers).not.toHaveProperty('X-CSRF-Token')
  })

  it('given an error of the house, when it comes, then code, Chinese text and waiting time are kept', async () => {
    answer(429, { error: { code: 'login_throttled', message: 'slow down', message_zh: '尝试次数过多', retry_after_s: 30 } })
    const error = await api.post('/login', {}).catch((one: unknown) => one)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: 429, code: 'login_throttled', messageZh: '尝试次数过多', retryAfterS: 30 })
  })

  it('given a page of a proxy instead of JSON, when it comes, then it is an error and not a crash', async () => {
    vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('<html>', { status: 502 }))
    await expect(api.get('/session')).rejects.toMatchObject({ status: 502, code: 'http_502' })
  })

  it('given no network, when a request fails, then status is 0', async () => {
    vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('Failed to fetch'))
    await expect(api.get('/session')).rejects.toMatchObject({ status: 0, code: 'unreachable' })
  })

  it('given an ended session, when a command meets it, then the listeners hear; the login itself is not one', async () => {
    const heard = vi.fn()
    const stop = onUnauthorised(heard)
    answer(401, { error: { code: 'session_ended' } })
    await api.post('/desk/ready').catch(() => undefined)
    await api.post('/login', {}).catch(() => undefined)
    expect(heard).toHaveBeenCalledTimes(1)
    stop()
  })

  it('given cookies, when one is read, then only the whole name counts', () => {
    expect(readCookie('csrf', 'hotline_csrf=1; csrf=a=b; x=2')).toBe('a=b')
    expect(readCookie('missing', 'a=1')).toBe('')
  })

  it('given two keys, when they are compared, then they differ', () => {
    expect(newIdempotencyKey()).not.toBe(newIdempotencyKey())
  })
})
