// A page in another language than English brings Django's catalogue (words.js); in English there is none.

export function gettext(words, values = {}) {
  const found = window.django?.gettext?.(words) ?? words;
  return found.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}

export function ngettext(one, many, count, values = {}) {
  const found = window.django?.ngettext?.(one, many, count) ?? (count === 1 ? one : many);
  return found.replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? count);
}
