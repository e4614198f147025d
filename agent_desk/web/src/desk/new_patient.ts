/** Making a card for somebody unknown: the form's values, and what a Chinese identity number already says. */
import { ApiError } from '@/wire/client'
import type { Candidate, Id } from '@/wire/types'

export interface NewPatientForm {
  name: string
  gender: 'male' | 'female' | 'unknown'
  birth_date: string | null
  relation: string
  id_number: string
}

/** Somebody who is there already and may be the same person; `is_certain`: it is the same person. */
export interface Duplicate extends Candidate {
  birth_date: string | null
  id_number_masked: string
  phones_masked: string[]
  reasons: string[]
  is_certain: boolean
}

export const RELATIONS = ['self', 'spouse', 'child', 'parent', 'other'] as const

export function emptyForm(callerName: string): NewPatientForm {
  return { name: callerName, gender: 'unknown', birth_date: null, relation: 'self', id_number: '' }
}

/** Weights and check characters of GB 11643. */
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECKS = '10X98765432'

export function isIdNumber(text: string): boolean {
  if (!/^\d{17}[\dXx]$/.test(text)) return false
  const sum = WEIGHTS.reduce((total, weight, place) => total + weight * Number(text[place]), 0)
  return CHECKS[sum % 11] === text[17]!.toUpperCase()
}

/** Birthday and gender from an identity number; null when it is none. */
export function readIdNumber(text: string): Pick<NewPatientForm, 'birth_date' | 'gender'> | null {
  if (!isIdNumber(text)) return null
  return {
    birth_date: `${text.slice(6, 10)}-${text.slice(10, 12)}-${text.slice(12, 14)}`,
    gender: Number(text[16]) % 2 === 1 ? 'male' : 'female',
  }
}

/** The people whom the server found instead of making a card; null for any other error. */
export function duplicatesOf(error: unknown): Duplicate[] | null {
  if (!(error instanceof ApiError) || error.code !== 'duplicate_patient') return null
  return (error.details.candidates as Duplicate[] | undefined) ?? []
}

export const idsOf = (people: Duplicate[]): Id[] => people.map((one) => one.id)
