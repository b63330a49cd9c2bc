import type * as prompts from '@inquirer/prompts'

// The questions of the terminal. The library is loaded with the first one: most commands ask nothing, and start a tenth sooner.

const library = (): Promise<typeof prompts> => import('@inquirer/prompts')

export const confirm = async (...question: Parameters<typeof prompts.confirm>): Promise<boolean> =>
  (await library()).confirm(...question)

export const input = async (...question: Parameters<typeof prompts.input>): Promise<string> =>
  (await library()).input(...question)

export const password = async (...question: Parameters<typeof prompts.password>): Promise<string> =>
  (await library()).password(...question)

export const select = async (...question: Parameters<typeof prompts.select<string>>): Promise<string> =>
  (await library()).select(...question)
