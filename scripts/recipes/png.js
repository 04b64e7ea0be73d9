// What the picture recipes share: packages at exact versions, PNG files with a palette, files compared or written.
"use strict";
const { execFileSync } = require("child_process");
const fs = require("fs");
const path = require("path");

const root = path.join(__dirname, "..", "..");

/** Fetches npm packages (`name@exact version`) into the target folder; returns a function that loads from there (`.path`: that finds). */
function packages(folder, pinned) {
  const place = path.join(process.env.CARGO_TARGET_DIR || path.join(root, "target"), "recipes", folder);
  fs.mkdirSync(place, { recursive: true });
  fs.writeFileSync(path.join(place, "package.json"), "{}");
  execFileSync("npm", ["install", "--silent", "--no-save", "--ignore-scripts", ...pinned], { cwd: place });
  const find = (name) => require.resolve(name, { paths: [place] });
  return Object.assign((name) => require(find(name)), { path: find });
}

/** A PNG with as few bits a pixel as will do: `pixels` are numbers in `palette`, a list of [red, green, blue, alpha]. */
async function png(zopfli, width, height, pixels, palette, iterations) {
  const depth = [1, 2, 4, 8].find((bits) => palette.length <= 1 << bits);
  const stride = Math.ceil((width * depth) / 8);
  const rows = new Uint8Array((stride + 1) * height); // each row begins with its filter, which is none
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      rows[y * (stride + 1) + 1 + ((x * depth) >> 3)] |= pixels[y * width + x] << (8 - depth - ((x * depth) & 7));
  const data = await zopfli.zlibAsync(rows, { numiterations: iterations, blocksplitting: true, blocksplittingmax: 0 });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, 3], 8);
  const opaque = palette.map((color) => color[3]).join().replace(/(^|,)(255,?)+$/, "");
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap((color) => color.slice(0, 3)))),
    ...(opaque ? [chunk("tRNS", Buffer.from(opaque.split(",").map(Number)))] : []),
    chunk("IDAT", Buffer.from(data)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc(body), body.length + 4);
  return out;
}

function crc(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return ~sum >>> 0;
}

/** Writes the files ({path below the project: content}), or, with `--check`, says which of them differ and fails. */
function finish(files) {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    const bytes = Buffer.from(content);
    if (!process.argv.includes("--check")) {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, bytes);
      console.log(`${name}: ${bytes.length} bytes`);
    } else if (!fs.existsSync(file) || !fs.readFileSync(file).equals(bytes)) {
      console.error(`${name} is not what this recipe makes`);
      process.exitCode = 1;
    }
  }
}

module.exports = { packages, png, finish };
