/**
 * The first key that an object in a JSON text has twice, or `undefined`. `JSON.parse` silently takes the
 * last.
 * @param json valid JSON
 */
export function findDuplicateKey(json: string): string | undefined {
  const keysOfOpenObjects: Set<string>[] = [];
  // Outside of strings these characters have no other meaning; a string before a colon is a key.
  for (const [token, key] of json.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === '{') keysOfOpenObjects.push(new Set());
    else if (token === '}') keysOfOpenObjects.pop();
    else if (key !== undefined) {
      const name = String(JSON.parse(key));
      const keys = keysOfOpenObjects.at(-1);
      if (keys?.has(name) === true) return name;
      keys?.add(name);
    }
  }
  return undefined;
}
