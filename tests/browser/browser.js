// One Chromium that looks at pages for tests/it/browser.rs and scripts/screenshots. Each line of standard input is a
// visit in JSON, each line of standard output what was seen, or {"error": …}; the browser ends when the input does.
//
// {"root": "/a/site", "path": "index.html", "steps": [["images"], ["screenshot", "/a/file.png"]]}
//
// and optionally `http` (served over HTTP under the strictest policy that the pages promise to work with, instead of
// opened as a file), `url` (instead of `root` and `path`: an address that somebody serves), `scripts` (JavaScript is on, and
// the policy off: what axe-core needs), `policy` (but not off), `scheme` ("dark"),
// `width`, `height`, `scale` (device pixels in a CSS pixel), `media` ("print"). SVG is always blocked.
// The answer has a value for each step, and besides: `failed` requests, the `console`, and `svg`, the addresses that were
// blocked.
// `["validate"]` alone reads the file and opens no page. The first argument is the font for all text.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { pathToFileURL } = require('node:url');
const { chromium } = require('playwright-core');
const inPage = require('./in-page.js');
const { validate } = require('./validate.js');

const POLICY = "default-src 'none'; img-src 'self'; style-src 'self'";
const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8', png: 'image/png', svg: 'image/svg+xml' };

/** Serves a folder on a free port; gives its address. */
function serve(root) {
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    const file = path.join(root, path.normalize(name));
    fs.readFile(file, (error, bytes) => {
      const type = TYPES[path.extname(file).slice(1)] ?? 'application/octet-stream';
      response.writeHead(error ? 404 : 200, { 'Content-Security-Policy': POLICY, 'Content-Type': type });
      response.end(error ? '' : bytes);
    });
  });
  server.unref();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}

const servers = new Map();

async function address(visit) {
  if (visit.url) return visit.url;
  if (!visit.http) return pathToFileURL(path.join(visit.root, visit.path)).href;
  if (!servers.has(visit.root)) servers.set(visit.root, serve(visit.root));
  return `${await servers.get(visit.root)}/${visit.path}`;
}

/** What can be done on a page; what it returns is the step's answer. */
const steps = {
  images: (page) => images(page),
  overflow: (page) => page.evaluate(inPage.overflow),
  sparks: (page) => page.evaluate(inPage.sparks),
  styles: (page, selector, ...properties) => page.evaluate(inPage.styles, [selector, properties]),
  boxes: (page, selector) => page.evaluate(inPage.boxes, selector),
  focus: (page) => page.evaluate(inPage.focus),
  open: (page) => page.evaluate(inPage.openDetails),
  press: async (page, key) => {
    await page.keyboard.press(key);
    return page.evaluate(inPage.focus);
  },
  /** Waits until something that the selector finds has that text; gives all of its text. Nobody touches the page. */
  seen: async (page, selector, text) => {
    const found = page.locator(selector, { hasText: text }).first();
    await found.waitFor({ timeout: 60000 });
    return found.innerText();
  },
  /** Changes a file, as somebody does who works on the site. */
  write: (page, file, text) => fs.writeFileSync(file, text),
  axe: async (page) => {
    await page.addScriptTag({ path: require.resolve('axe-core/axe.js') });
    return page.evaluate(inPage.axe);
  },
  /** The whole page, or as much of it as `height` says. */
  screenshot: async (page, file, height) => {
    const { width } = page.viewportSize();
    const clip = height && { x: 0, y: 0, width, height };
    // On a busy machine Chromium now and then gives no picture of a tall page, and gives it when it is asked again.
    for (let tries = 3; ; tries -= 1) {
      try {
        await page.screenshot({ path: file, fullPage: true, clip, animations: 'disabled' });
        return file;
      } catch (error) {
        if (tries === 1 || !error.message.includes('Unable to capture screenshot')) throw error;
      }
    }
  },
  pdf: async (page, file) => {
    await page.pdf({ path: file, format: 'A4' });
    return file;
  },
};

/** Every `<img>` and background, with what came of it. Backgrounds are decoded once more, to know that they can be. */
async function images(page) {
  const seen = await page.evaluate(inPage.images);
  for (let tries = 0; tries < 100; tries += 1) {
    const sizes = await page.evaluate(inPage.sizes);
    if (sizes.every(({ complete }) => complete)) return seen.map((image, index) => ({ ...image, ...sizes[index] }));
    await page.waitForTimeout(50);
  }
  throw new Error('an image has neither loaded nor failed after 5 seconds');
}

async function look(browser, visit) {
  if (visit.steps.length === 1 && visit.steps[0][0] === 'validate') return { steps: [validate(visit)] };
  const context = await browser.newContext({
    viewport: { width: visit.width ?? 1280, height: visit.height ?? 800 },
    deviceScaleFactor: visit.scale ?? 1,
    colorScheme: visit.scheme ?? 'light',
    javaScriptEnabled: visit.scripts ?? false,
    bypassCSP: (visit.scripts ?? false) && !visit.policy,
  });
  try {
    const seen = { steps: [], failed: [], console: [], svg: [] };
    const page = await context.newPage();
    await page.route('**/*', (route) => {
      const url = route.request().url();
      if (!/\.svg\b|image\/svg/i.test(url)) return route.continue();
      seen.svg.push(url);
      return route.abort();
    });
    page.on('console', (message) => seen.console.push(message.text()));
    page.on('pageerror', (error) => seen.console.push(String(error)));
    page.on('requestfailed', (request) => seen.failed.push(`${request.url()}: ${request.failure()?.errorText}`));
    page.on('response', (response) => {
      if (response.status() >= 400) seen.failed.push(`${response.url()}: ${response.status()}`);
      if (/svg/i.test(response.headers()['content-type'] ?? '')) seen.svg.push(response.url());
    });
    if (visit.media) await page.emulateMedia({ media: visit.media });
    await page.goto(await address(visit), { waitUntil: 'load' });
    for (const [name, ...rest] of visit.steps) {
      if (!Object.hasOwn(steps, name)) throw new Error(`no step is called ${name}`);
      seen.steps.push((await steps[name](page, ...rest)) ?? null);
    }
    return seen;
  } finally {
    await context.close();
  }
}

/** Settings by which all text is in one font, whatever else is installed; gives their file. */
function fontSettings(family) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torcollect-fonts-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'fonts.conf');
  fs.writeFileSync(file, `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <cachedir>${folder}</cachedir>
  <match target="pattern">
    <edit name="family" mode="assign" binding="strong"><string>${family}</string></edit>
  </match>
</fontconfig>
`);
  return file;
}

async function main() {
  const [family = 'DejaVu Sans'] = process.argv.slice(2);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    env: { ...process.env, FONTCONFIG_FILE: fontSettings(family) },
    // Pictures of text must not depend on the machine's settings; nothing may be asked from the network.
    args: ['--disable-gpu', '--disable-lcd-text', '--font-render-hinting=none', '--force-color-profile=srgb',
      '--hide-scrollbars', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = await look(browser, JSON.parse(line));
    } catch (error) {
      answer = { error: error.stack };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  await browser.close();
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
