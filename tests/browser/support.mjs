/*
 * What the browser tests share: a real Chromium, the server whose address stands in
 * WAYBILL_URL, and a recording of every tone a page plays.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

export const url = process.env.WAYBILL_URL;
const slow = Number(process.env.WBTEST_SLOW ?? 1);
const WAIT_MS = 40000; /* a machine that is busy with other things may need most of it */
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

if (!url) {
	throw new Error('WAYBILL_URL is not set: run this by "make check-browser"');
}

export function launch({ autoplay = true, args = [] } = {}) {
	return chromium.launch({
		timeout: 3 * WAIT_MS * slow,
		executablePath: process.env.CHROMIUM ?? BROWSERS.find(existsSync),
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
			'--disable-background-networking', '--disable-component-update', '--disable-sync',
			`--autoplay-policy=${autoplay ? 'no-user-gesture-required' : 'document-user-activation-required'}`,
			...args],
	});
}

/*
 * Runs before any script of the page. Oscillators stay real ones; what is asked of them
 * is written down in window.tones as { hertz, from, lasts } with times in seconds.
 */
function recordTones() {
	window.tones = [];
	const create = AudioContext.prototype.createOscillator;
	AudioContext.prototype.createOscillator = function () {
		const source = create.call(this);
		const tone = {};
		for (const name of ['start', 'stop']) {
			source[name] = (at) => {
				Object.getPrototypeOf(Object.getPrototypeOf(source))[name].call(source, at);
				if (name === 'start') {
					tone.from = at;
					tone.hertz = source.frequency.value;
					window.tones.push(tone);
				} else {
					tone.lasts = at - tone.from;
				}
			};
		}
		return source;
	};
}

/*
 * A page in a context of its own. What went wrong in it (exceptions, violations of the
 * content security policy) is collected in page.faults, and its console in page.lines.
 */
export async function open(browser, path, { init, site = url, ...options } = {}) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 },
		serviceWorkers: 'block', ...options });
	const page = await context.newPage();
	page.setDefaultTimeout(WAIT_MS * slow);
	page.faults = [];
	page.on('pageerror', (e) => page.faults.push(e.message));
	page.lines = [];
	page.on('console', (m) => page.lines.push(m.text()));
	page.on('console', (m) => m.text().includes('Content Security Policy') && page.faults.push(m.text()));
	await page.addInitScript(recordTones);
	if (init) {
		await page.addInitScript(init);
	}
	await page.goto(new URL(path, site).href);
	return page;
}

/*
 * Holds back the answer to the first request of a script that fits: others overtake it. `held`
 * resolves when the server has given it, come() when the page has had it.
 */
export async function holdFirst(page, fits) {
	const gate = resolvers();
	const held = resolvers();
	const had = resolvers();
	let first = true;
	await page.route(fits, async (route) => {
		if (!first || route.request().resourceType() === 'document') {
			return route.continue();
		}
		first = false;
		const response = await route.fetch();
		held.resolve();
		await gate.promise;
		await route.fulfill({ response });
		return had.resolve();
	});
	return { held: held.promise, come: async () => {
		gate.resolve();
		await had.promise;
		await page.evaluate(() => fetch('/health').then((answer) => answer.text()));
	} };
}

function resolvers() {
	const made = {};
	made.promise = new Promise((resolve) => { made.resolve = resolve; });
	return made;
}

/* Polls until check() gives something true, and returns it. */
export async function until(check, what, timeout = WAIT_MS) {
	const end = Date.now() + timeout * slow;
	for (;;) {
		const got = await check();
		if (got) {
			return got;
		}
		if (Date.now() > end) {
			throw new Error(`waited in vain until ${what}`);
		}
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

export async function api(method, path, body) {
	const answer = await fetch(url + path, { method,
		headers: { Accept: 'application/json', ...(body ? { 'Content-Type': 'application/json' } : {}) },
		body: body && JSON.stringify(body) });
	return { status: answer.status, json: await answer.json() };
}

let made = 0;

/* Numbers nobody else uses: JT and 13 digits. */
export function numbers(count) {
	const base = (Date.now() % 1e7) * 1e6 + made;
	made += count;
	return Array.from({ length: count }, (_, i) => `JT${String(base + i).padStart(13, '0')}`);
}

export function csv(list) {
	return ['Waybill Number,Receiver,City,Item Name',
		...list.map((n, i) => `${n},Receiver ${i},Cebu City,Shoes`)].join('\r\n');
}

/* Loads these numbers without the page. */
export async function load(list) {
	const form = new FormData();
	form.append('upload_key', randomUUID());
	form.append('waybill_file', new Blob([csv(list)]), 'manifest.csv');
	const answer = await fetch(`${url}/upload`, { method: 'POST', body: form,
		headers: { Accept: 'application/json' } });
	const json = await answer.json();
	if (answer.status !== 200 || json.inserted !== list.length) {
		throw new Error(`the manifest was not loaded: ${answer.status} ${JSON.stringify(json)}`);
	}
	return list;
}

/* A workbook as the administrator's tool makes it; gives its path. It goes with us. */
export function sample(rows, seed) {
	const folder = mkdtempSync(join(tmpdir(), 'waybill-sample-'));
	const path = join(folder, 'manifest.xlsx');
	process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
	execFileSync(join(process.env.WAYBILL_BUILD, 'waybillctl'),
		['sample', String(rows), path, '--seed', String(seed)]);
	return path;
}

/* A workbook's bytes: { sheet: rows of texts }; a name that begins with "hidden" is of a hidden one. */
export function workbook(sheets) {
	return execFileSync('python3', ['-c', 'import json, sys\n'
		+ 'sys.path.insert(0, "tests")\n'
		+ 'from support.books import sheets\n'
		+ 'sys.stdout.buffer.write(sheets(**json.loads(sys.argv[1])))', JSON.stringify(sheets)]);
}

/* The upload page, to somebody who has told a name. */
export async function openUpload(browser, options) {
	const page = await open(browser, '/upload', options);
	await page.fill('#who', 'Ana Reyes');
	return page;
}

/* --- the scan page --- */

/* The start screen, that hears command barcodes: sooner they are letters. */
export async function openStart(browser, options) {
	const page = await open(browser, '/scan', options);
	await page.waitForSelector('#begin:not([disabled])');
	return page;
}

export async function startScanning(browser, options) {
	const page = await open(browser, '/scan', options);
	await page.fill('#operator', 'Ana Reyes');
	await page.fill('#station', 'Dock 2');
	await page.click('#begin');
	await page.waitForSelector('#work:not([hidden])');
	await audible(page);
	return page;
}

/* The browser starts sound some time after it was asked to, and no tone is held back until then. */
export const audible = (page) => page.waitForSelector('#sound-blocked', { state: 'hidden' });

const KEYS = { '\n': { key: 'Enter', text: '\r', windowsVirtualKeyCode: 13 },
	'\r': { key: 'Enter', text: '\r', windowsVirtualKeyCode: 13 },
	'\t': { key: 'Tab', windowsVirtualKeyCode: 9 } };
const scanners = new WeakMap(); /* page -> its session of the DevTools protocol */

function keyOf(char) {
	const code = /[A-Z0-9 ]/i.test(char) ? char.toUpperCase().charCodeAt(0) : 0;
	return KEYS[char] ?? { key: char, text: char, unmodifiedText: char, windowsVirtualKeyCode: code };
}

/*
 * Keys as a scanner sends them, these ms apart. The page judges a code by the keys' own time
 * stamps, so they have those, however long this process or the browser is kept from running.
 */
export async function type(page, codes, apart = 5) {
	if (!scanners.has(page)) {
		scanners.set(page, await page.context().newCDPSession(page));
	}
	const scanner = scanners.get(page);
	const began = Date.now();
	await Promise.all(Array.from(codes).flatMap((char, i) => ['keyDown', 'keyUp'].map((kind) =>
		scanner.send('Input.dispatchKeyEvent', { type: kind, ...keyOf(char), ...(kind === 'keyUp' && { text: undefined }),
			timestamp: (began + i * apart) / 1000 }))));
}

/* A code, and what stands behind it. */
export const scan = (page, code, end = '\n') => type(page, code + end);

/* Codes that are there at once, in one task of the page. */
export const enter = (page, codes) => page.evaluate((list) => {
	const entry = document.getElementById('entry');
	for (const code of list) {
		entry.value = code;
		entry.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
	}
}, codes);

export const panel = (page, kind) => page.waitForSelector(`.panel[data-kind="${kind}"]`);

/* With its verdict: a slow answer shows the number first, as being checked. */
export const showing = (page, number) => page.waitForSelector(
	`.panel:not([data-kind="waiting"]) .panel-number:text-is("${number}")`);

/* Of scans that were sent, each time anew when the answer was late: their numbers, each scan once. */
export const once = (sent) => [...new Map(sent.map((s) => [s.scan_id, s.waybill_number])).values()];

export const text = (page, selector) => page.textContent(selector);
export const tones = (page) => page.evaluate(() => window.tones.splice(0));

/* --- accessibility --- */

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/* What axe finds in the page as it stands; [] when all is well. */
export async function violations(page) {
	await page.evaluate(axe); /* the page's policy forbids adding a script element */
	const result = await page.evaluate(() => window.axe.run(document));
	return result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`);
}
