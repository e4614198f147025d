/** The two-level list of dispositions, read once; and what of a choice is still missing. */
import { defineStore } from 'pinia'
import { ref } from 'vue'

import { deskApi } from '@/wire/commands'
import type { Disposition } from '@/wire/types'

export interface DispositionChoice {
  disposition: string
  subDisposition: string
  /** Null: not answered yet. */
  isResolved: boolean | null
}
export type MissingField = 'disposition' | 'sub_disposition' | 'is_resolved'

export const useDispositions = defineStore('dispositions', () => {
  const list = ref<Disposition[]>([])
  const hasFailed = ref(false)

  async function load(): Promise<void> {
    if (list.value.length > 0) return
    try {
      list.value = await deskApi.dispositions()
      hasFailed.value = false
    } catch {
      hasFailed.value = true
    }
  }

  const childrenOf = (code: string) => list.value.find((one) => one.code === code)?.children ?? []

  function missingIn(choice: DispositionChoice): MissingField[] {
    const missing: MissingField[] = []
    if (!choice.disposition) missing.push('disposition')
    if (childrenOf(choice.disposition).length > 0 && !choice.subDisposition) missing.push('sub_disposition')
    if (choice.isResolved === null) missing.push('is_resolved')
    return missing
  }

  return { list, hasFailed, load, childrenOf, missingIn }
})
