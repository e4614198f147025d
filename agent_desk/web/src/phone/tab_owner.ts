/** One tab of an agent owns the telephone; the others watch it and send it their clicks. */

interface Message {
  type: 'state' | 'command' | 'hello'
  body?: unknown
}

export interface OwnerListener {
  /** This tab may use the telephone now (at once, or when the owning tab has closed). */
  onOwn(): void
  /** What the owning tab says about its telephone. */
  onState(state: unknown): void
  /** A click in a watching tab; arrives at the owner only. */
  onCommand(command: unknown): void
  /** Somebody new is watching. */
  onHello(): void
}

export class TabOwner {
  isOwner = false
  private channel: BroadcastChannel | null = null
  private release: (() => void) | null = null
  private aborter: AbortController | null = null

  constructor(private readonly listener: OwnerListener) {}

  start(name: string): void {
    if (this.aborter) return
    const aborter = new AbortController()
    this.aborter = aborter
    if ('BroadcastChannel' in window) {
      this.channel = new BroadcastChannel(name)
      this.channel.onmessage = (event: MessageEvent<Message>) => this.receive(event.data)
      this.send('hello')
    }
    if (!navigator.locks) {
      this.own()
      return
    }
    navigator.locks
      .request(name, { signal: aborter.signal }, () => new Promise<void>((resolve) => {
        this.release = resolve
        this.own()
      }))
      .catch(() => undefined)
  }

  stop(): void {
    this.release?.()
    this.aborter?.abort()
    this.channel?.close()
    this.release = this.aborter = this.channel = null
    this.isOwner = false
  }

  publish(state: unknown): void {
    if (this.isOwner) this.send('state', state)
  }

  command(command: unknown): void {
    this.send('command', command)
  }

  private own(): void {
    this.isOwner = true
    this.listener.onOwn()
  }

  private send(type: Message['type'], body?: unknown): void {
    this.channel?.postMessage({ type, body: body === undefined ? undefined : JSON.parse(JSON.stringify(body)) })
  }

  private receive(message: Message): void {
    if (message.type === 'state' && !this.isOwner) this.listener.onState(message.body)
    if (message.type === 'command' && this.isOwner) this.listener.onCommand(message.body)
    if (message.type === 'hello' && this.isOwner) this.listener.onHello()
  }
}
