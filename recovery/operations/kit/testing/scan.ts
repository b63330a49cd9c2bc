import jsqr from 'jsqr'

// The package is CommonJS with a default of its own.
const decode = jsqr as unknown as { default: typeof jsqr.default }

/** What a scanner reads from a picture of RGBA bytes; undefined where it sees no code. */
export const scan = (pixels: Uint8ClampedArray, width: number, height: number): string | undefined =>
  decode.default(pixels, width, height)?.data

/** A picture as `pdftoppm` writes it: P6, width, height, 255, then RGB. */
export function parsePpm(bytes: Buffer): { pixels: Uint8ClampedArray; width: number; height: number } {
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.subarray(0, 40).toString('latin1'))
  if (!header) throw new Error('no PPM')
  const [width, height] = [Number(header[1]), Number(header[2])]
  const rgb = bytes.subarray(header[0].length)
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255)
  for (let at = 0; at < width * height; at++) pixels.set(rgb.subarray(at * 3, at * 3 + 3), at * 4)
  return { pixels, width, height }
}
