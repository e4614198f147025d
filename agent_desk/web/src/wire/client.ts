/** One door to the REST API: CSRF header, idempotency key, JSON both ways, errors of one shape. */

export const API_BASE = '/api/v1'
const CSRF_COOKIE = 'hotline_csrf'
const UNSAFE_METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
export const DEFAULT_TIMEOUT_MS = 15_000

/** What the server (or the network) answered instead of what was asked for. `status` 0 means: no answer at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly messageZh: string,
    readonly retryAfterS: number | null = null,
    readonly fields: Record<string, unknown> | null = null,
    /** The whole error as the server sent it: some codes carry more (`duplicate_patient`: candidates). */
    readonly details: Record<string, unknown> = {},
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

export interface RequestOptions {
  body?: unknown
  /** Query parameters; empty, null and undefined ones are left out. */
  query?: Record<string, string | number | boolean | null | undefined>
  /** Sent as Idempotency-Key: a repeated click or a retry does not act twice. */
  idempotencyKey?: string
  /** Survives the closing of the page (used for the last autosave). */
  keepalive?: boolean
  timeoutMs?: number
}

type UnauthorisedListener = () => void
const unauthorisedListeners = new Set<UnauthorisedListener>()

/** Called whenever a request other than the login itself is answered with 401. Returns the way to stop listening. */
export function onUnauthorised(listener: UnauthorisedListener): () => void {
  unauthorisedListeners.add(listener)
  return () => unauthorisedListeners.delete(listener)
}

export function readCookie(name: string, cookies: string = document.cookie): string {
  for (const part of cookies.split(';')) {
    const [key, ...rest] = part.trim().split('=')
    if (key === name) return decodeURIComponent(rest.join('='))
  }
  return ''
}

function urlOf(path: string, query: RequestOptions['query']): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== '') parameters.set(name, String(value))
  }
  const text = parameters.toString()
  return `${API_BASE}${path}${text ? `?${text}` : ''}`
}

async function errorOf(response: Response): Promise<ApiError> {
  let error: Record<string, unknown> = {}
  try {
    const body: unknown = await response.json()
    if (body && typeof body === 'object' && 'error' in body) error = body.error as Record<string, unknown>
  } catch {
    // not JSON (a proxy's page): the status says enough
  }
  const headerRetryS = Number(response.headers.get('Retry-After') ?? NaN)
  const retryS = typeof error.retry_after_s === 'number' ? error.retry_after_s : headerRetryS
  return new ApiError(
    response.status,
    String(error.code ?? `http_${response.status}`),
    String(error.message ?? response.statusText),
    String(error.message_zh ?? ''),
    Number.isFinite(retryS) ? retryS : null,
    (error.fields as Record<string, unknown> | undefined) ?? null,
    error,
  )
}

/** Sends one request. A token that two answers have crossed over is fetched anew, once. */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  try {
    return await send<T>(method, path, options)
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'csrf' || options.keepalive) throw error
    await send('GET', '/session', {}).catch(() => undefined)
    return send<T>(method, path, options)
  }
}

async function send<T>(method: string, path: string, options: RequestOptions): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' }
  if (UNSAFE_METHODS.has(method)) headers['X-CSRF-Token'] = readCookie(CSRF_COOKIE)
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey
  if (options.body instanceof FormData) {
    init.body = options.body
  } else if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json'
    init.body = JSON.stringify(options.body)
  } else if (UNSAFE_METHODS.has(method)) {
    headers['Content-Type'] = 'application/json'
    init.body = '{}'
  }
  if (options.keepalive) init.keepalive = true
  else init.signal = AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  let response: Response
  try {
    response = await fetch(urlOf(path, options.query), init)
  } catch (error) {
    const isTimeout = error instanceof DOMException && error.name === 'TimeoutError'
    throw new ApiError(0, isTimeout ? 'timeout' : 'unreachable', String(error), '')
  }
  if (!response.ok) {
    const error = await errorOf(response)
    if (error.status === 401 && path !== '/login' && path !== '/session') {
      unauthorisedListeners.forEach((listener) => listener())
    }
    throw error
  }
  if (response.status === 204) return undefined as T
  const text = await response.text()
  return (text ? JSON.parse(text) : undefined) as T
}

export const api = {
  get: <T>(path: string, options?: RequestOptions) => request<T>('GET', path, options),
  post: <T>(path: string, body?: unknown, options?: RequestOptions) => request<T>('POST', path, { ...options, body }),
  put: <T>(path: string, body?: unknown, options?: RequestOptions) => request<T>('PUT', path, { ...options, body }),
}

/** A key that no other command has. `crypto.randomUUID` exists only on secure origins, so not used. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
