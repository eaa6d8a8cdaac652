/** Makes elements. Text is always text, never markup. */

/** @param {string} name tag, with classes: `p.muted` */
export function h(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split('.')
  const element = document.createElement(tag)
  if (classes.length > 0) element.className = classes.join(' ')
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value)
    else element.setAttribute(key, value === true ? '' : String(value))
  }
  element.append(...children.flat(3).filter((child) => child !== undefined && child !== null && child !== false))
  return element
}

export const $ = (id) => document.getElementById(id)

/** Text in which `code` is between backticks. */
export function prose(text) {
  return text.split('`').map((part, index) => (index % 2 === 0 ? part : h('code', {}, part)))
}

const words = { passed: 'passed', failed: 'failed', not_reached: 'not reached', warning: 'warning', skipped: 'not needed' }
const marks = { passed: '✓', failed: '✕', not_reached: '·', warning: '!', skipped: '–' }

/** A state as a sign, and as a word for those who do not see it. */
export function mark(state) {
  return h(`span.mark.${state}`, {}, h('span', { 'aria-hidden': 'true' }, marks[state]), h('span.hidden', {}, `${words[state]}: `))
}

/** A value in one line. */
export function shown(value) {
  if (value === null || value === undefined) return 'absent'
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll('","', '", "').replaceAll('":', '": ').replaceAll(',"', ', "')
}

/** A token whose parts have different colours. */
export function token(text) {
  const parts = text.split('.')
  if (parts.length !== 3) return [text]
  return parts.flatMap((part, index) => [index > 0 ? '.' : '', h(`span.part-${index}`, {}, part)])
}

export const json = (value) => JSON.stringify(value, null, 2)

/** A button that copies text, and says so. */
export function copyButton(label, text) {
  const button = h('button', { type: 'button', class: 'quiet' }, label)
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text())
      button.textContent = 'Copied'
    } catch {
      button.textContent = 'Select the text to copy it'
    }
    setTimeout(() => {
      button.textContent = label
    }, 2000)
  })
  return button
}
