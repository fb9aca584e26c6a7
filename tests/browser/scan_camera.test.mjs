/*
 * The camera and the screen's wake lock, the browser's own: a film of a barcode plays in the
 * place of a camera, and goes through getUserMedia and the video element. Chromium has no
 * BarcodeDetector on Linux, so that one reads the film's pixels here; reading barcodes well is
 * the browser's part on the machines that have it.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { widths } from '../../static/code128.js';
import { launch, load, numbers, panel, scan, startScanning, text, until } from './support.mjs';

const WIDTH = 640;
const HEIGHT = 480;
const MODULE = 2; /* pixels */
const SECOND = 10; /* frames */

/* A grey picture with this code in it, or a white one. */
function frame(code) {
	const row = Buffer.alloc(WIDTH, 255);
	let at = 80;
	(code === null ? [] : widths(code)).forEach((n, i) => {
		row.fill(i % 2 === 0 ? 0 : 255, at, at + n * MODULE);
		at += n * MODULE;
	});
	return Buffer.concat([Buffer.from('FRAME\n'), ...Array(HEIGHT).fill(row),
		Buffer.alloc(WIDTH * HEIGHT / 2, 128)]);
}

/* Plays over and over: [code or null, seconds], ... */
function film(path, ...scenes) {
	writeFileSync(path, Buffer.concat([
		Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${SECOND}:1 Ip A1:1 C420jpeg\n`),
		...scenes.flatMap(([code, seconds]) => Array(seconds * SECOND).fill(frame(code)))]));
}

/* Reads what the page gives it: the middle row of the video's picture, as Code 128 B. */
function readPixels() {
	window.looks = 0;
	window.BarcodeDetector = class {
		async detect(video) {
			const { widths } = await import('/static/code128.js');
			const canvas = document.createElement('canvas');
			canvas.width = video.videoWidth;
			canvas.height = video.videoHeight;
			const context = canvas.getContext('2d');
			context.drawImage(video, 0, 0);
			const { data } = context.getImageData(0, Math.floor(canvas.height / 2), canvas.width, 1);
			const runs = [0];
			let dark = false;
			for (let i = 0; i < data.length; i += 4) {
				if ((data[i] < 128) !== dark) {
					dark = !dark;
					runs.push(0);
				}
				runs[runs.length - 1] += 1;
			}
			const modules = runs.slice(1, -1).map((n) => Math.round(n / 2)).join('');
			const symbols = new Map(Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))
				.map((c) => [widths(c).slice(6, 12).join(''), c]));
			window.looks += 1;
			const code = modules.slice(6, -13).match(/.{6}/g)?.map((symbol) => symbols.get(symbol)).join('');
			return code && widths(code)?.join('') === modules ? [{ rawValue: code }] : [];
		}
	};
	const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
	navigator.mediaDevices.getUserMedia = async (wish) => {
		window.stream = await ask(wish);
		return window.stream;
	};
	const awake = navigator.wakeLock.request.bind(navigator.wakeLock);
	navigator.wakeLock.request = async (kind) => {
		window.awake = await awake(kind);
		return window.awake;
	};
}

let browser, folder, list;
before(async () => {
	folder = mkdtempSync(join(tmpdir(), 'waybill-camera-'));
	list = await load(numbers(2));
	film(join(folder, 'film.y4m'), [null, 1], [list[0], 3], [null, 2], [list[1], 3]);
	browser = await launch({ args: ['--use-fake-device-for-media-stream',
		`--use-file-for-fake-video-capture=${join(folder, 'film.y4m')}`] });
});
after(async () => {
	await browser.close();
	rmSync(folder, { recursive: true, force: true });
});

test('a camera that shows two parcels makes two scans, and is off when it is off', async () => {
	const page = await startScanning(browser, { permissions: ['camera'], init: readPixels });
	await page.click('#camera');
	await page.waitForSelector('#camera-view:not([hidden])');
	await until(async () => await text(page, '#c-scanned') === '2', 'both are scanned', 30000);
	const seen = await page.locator('#recent .recent-number').allTextContents();
	assert.deepEqual(seen.filter((n) => !list.includes(n)), []);
	await until(() => page.evaluate(() => window.looks > 10), 'it goes on looking');
	await page.click('#camera');
	assert.ok(!await page.isVisible('#camera-view'));
	assert.deepEqual(await page.evaluate(() => window.stream.getTracks().map((track) => track.readyState)), ['ended']);
	const looks = await page.evaluate(() => window.looks);
	await page.waitForTimeout(500);
	assert.ok(await page.evaluate(() => window.looks) <= looks + 1);
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('a camera that may not be used says so, and scanning goes on', async () => {
	const page = await startScanning(browser, { init: readPixels });
	await page.click('#camera');
	await until(async () => /camera cannot be used/.test(await text(page, '#note')), 'it is said');
	assert.ok(!await page.isVisible('#camera-view'));
	await scan(page, list[0]);
	await panel(page, 'valid');
	await page.context().close();
});

test('the screen is kept awake, and let go with the session', async () => {
	const page = await startScanning(browser, { init: readPixels });
	await until(() => page.evaluate(() => window.awake?.released === false), 'it is held');
	await page.click('#leave');
	await until(() => page.evaluate(() => window.awake.released), 'it is let go');
	await page.context().close();
});
