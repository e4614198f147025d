/** The ring and its quieter sisters, made by WebAudio: no sound file, and silent until a gesture has unlocked it. */

type Pattern = 'ring' | 'waiting' | 'ringback'

interface Tone {
  frequenciesHz: number[]
  /** Start and length of each burst, in seconds from the beginning of the pattern. */
  burstsS: [number, number][]
  periodMs: number
  gain: number
}

const TONES: Record<Pattern, Tone> = {
  ring: { frequenciesHz: [660, 880], burstsS: [[0, 0.38], [0.5, 0.38]], periodMs: 2400, gain: 0.14 },
  waiting: { frequenciesHz: [880], burstsS: [[0, 0.09]], periodMs: 4000, gain: 0.06 },
  ringback: { frequenciesHz: [450], burstsS: [[0, 1]], periodMs: 5000, gain: 0.05 },
}

export class Ringer {
  private context: AudioContext | null = null
  private timer: ReturnType<typeof setInterval> | null = null
  private pattern: Pattern | null = null

  /** Must run inside a click or key press; safe to call again. */
  async unlock(): Promise<boolean> {
    try {
      this.context ??= new AudioContext()
      if (this.context.state === 'suspended') await this.context.resume()
    } catch {
      return false
    }
    return this.isUnlocked
  }

  get isUnlocked(): boolean {
    return this.context?.state === 'running'
  }

  play(pattern: Pattern): void {
    if (this.pattern === pattern) return
    this.stop()
    this.pattern = pattern
    this.sound(TONES[pattern])
    this.timer = setInterval(() => this.sound(TONES[pattern]), TONES[pattern].periodMs)
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer)
    this.timer = null
    this.pattern = null
  }

  /** One short tone: "you are connected", for calls that are answered without a click. */
  beep(): void {
    this.sound(TONES.waiting)
  }

  private sound(tone: Tone): void {
    const context = this.context
    if (!context || context.state !== 'running') return
    const now = context.currentTime + 0.02
    for (const [startS, lengthS] of tone.burstsS) {
      for (const frequencyHz of tone.frequenciesHz) {
        const oscillator = context.createOscillator()
        const volume = context.createGain()
        oscillator.frequency.value = frequencyHz
        volume.gain.setValueAtTime(0, now + startS)
        volume.gain.linearRampToValueAtTime(tone.gain, now + startS + 0.02)
        volume.gain.setValueAtTime(tone.gain, now + startS + lengthS - 0.03)
        volume.gain.linearRampToValueAtTime(0, now + startS + lengthS)
        oscillator.connect(volume).connect(context.destination)
        oscillator.start(now + startS)
        oscillator.stop(now + startS + lengthS)
      }
    }
  }
}
