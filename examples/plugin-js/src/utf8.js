// Text and bytes: QuickJS has no TextEncoder and no TextDecoder.

export function encode(text) {
  const bytes = [];
  for (const part of encodeURIComponent(text).match(/%..|[^%]/g) ?? []) {
    bytes.push(part.length === 3 ? parseInt(part.slice(1), 16) : part.charCodeAt(0));
  }
  return new Uint8Array(bytes);
}

// Bytes that are no UTF-8 are no answer that anybody could read: they give the empty text.
export function decode(bytes) {
  try {
    return decodeURIComponent(Array.from(bytes, (byte) => "%" + byte.toString(16).padStart(2, "0")).join(""));
  } catch {
    return "";
  }
}
