/** Both languages have the same words, every word that is used exists, and nobody is named where R18 forbids it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

import en from '@/i18n/en'
import zh from '@/i18n/zh'

type Words = { [key: string]: string | Words }
const keysOf = (words: Words, prefix = ''): string[] => Object.entries(words).flatMap(([key, value]) =>
  (typeof value === 'string' ? [`${prefix}${key}`] : keysOf(value, `${prefix}${key}.`)))
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()
const lookUp = (words: Words, key: string) => key.split('.').reduce<string | Words | undefined>(
  (found, part) => (typeof found === 'object' ? found[part] : undefined), words)

const root = join(import.meta.dirname, '..', 'src')
const sources = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(vue|ts)$/.test(entry.name))
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))

describe('words', () => {
  it('given two languages, then they have the same keys and placeholders', () => {
    expect(keysOf(en as unknown as Words).sort()).toEqual(keysOf(zh as unknown as Words).sort())
    for (const key of keysOf(zh as unknown as Words)) {
      expect([key, placeholders(lookUp(en as unknown as Words, key) as string)])
        .toEqual([key, placeholders(lookUp(zh as unknown as Words, key) as string)])
    }
  })

  it('given every t(…) with a fixed key, then the word exists', () => {
    const used = sources.flatMap((text) => [...text.matchAll(/\bt\(\s*'([\w.]+)'/g)].map((match) => match[1]!))
    expect(used.length).toBeGreaterThan(150)
    expect(used.filter((key) => typeof lookUp(zh as unknown as Words, key) !== 'string')).toEqual([])
  })

  it('given every t(`group.${…}`), then the group exists', () => {
    const groups = sources.flatMap((text) => [...text.matchAll(/\bt\(`(\w+)\./g)].map((match) => match[1]!))
    expect([...new Set(groups)].filter((group) => !(group in zh))).toEqual([])
  })

  it('given the words for titles and notifications, then they have no place for a name or number (R18)', () => {
    expect([zh.pop.title, zh.pop.notification, en.pop.title, en.pop.notification].flatMap(placeholders)).toEqual([])
  })

  it('given the sources, then there is no v-html, no inline handler text and no address of another host', () => {
    expect(sources.filter((text) => /v-html|innerHTML|https?:\/\//.test(text))).toEqual([])
  })
})
