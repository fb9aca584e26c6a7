/* Sound on the scan page: unlocked by a gesture, never silently missing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, launch, load, numbers, open, openStart, panel, scan, showing, startScanning, text, tones, until } from './support.mjs';

let browser;
before(async () => { browser = await launch({ autoplay: false }); });
after(() => browser.close());

test('the Start click unlocks sound', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await until(async () => !await page.isVisible('#sound-blocked'), 'no warning is left');
	await scan(page, number);
	await panel(page, 'valid');
	assert.equal((await tones(page)).length, 1);
	await page.context().close();
});

/*
 * Has a page say on its console that the warning came up. Looking from outside is a gesture
 * to the browser (Playwright evaluates as a user would), which lets sound play.
 */
const TELL_BLOCKED = `document.addEventListener('DOMContentLoaded', () => {
	const warning = document.getElementById('sound-blocked');
	new MutationObserver(() => !warning.hidden && console.log('sound is blocked')).observe(warning,
		{ attributes: true });
});`;

test('a restored session warns while the browser blocks sound, and a key unlocks it', async () => {
	const [a, b] = await load(numbers(2));
	const { json } = await api('POST', '/sessions', { scanned_by: 'Ana', station: 'Dock 1' });
	const page = await open(browser, '/scan', { init: `${TELL_BLOCKED} localStorage.setItem('waybill.session',
		'{"id":${json.id},"operator":"Ana","station":"Dock 1","mode":"dispatch"}')` });
	await until(() => page.lines.includes('sound is blocked'), 'the warning is there');
	assert.match(await text(page, '#sound-blocked'), /browser blocks/);
	assert.deepEqual(await tones(page), []);
	await scan(page, a); /* its first key is the gesture */
	await panel(page, 'valid');
	await until(async () => !await page.isVisible('#sound-blocked'), 'the warning goes');
	await tones(page);
	await scan(page, b);
	await showing(page, b);
	assert.equal((await tones(page)).length, 1);
	await page.context().close();
});

test('Test sound plays all three verdicts, apart from each other', async () => {
	const page = await openStart(browser);
	await page.click('#start .test-sound');
	const heard = await until(async () => {
		const list = await tones(page);
		return list.length > 0 && list;
	}, 'something plays');
	assert.equal(heard.length, 4);
	for (let i = 1; i < heard.length; i++) {
		assert.ok(heard[i].from >= heard[i - 1].from + heard[i - 1].lasts);
	}
	await page.context().close();
});

test('mute and volume are kept for the station, and mute is in view', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await page.check('#work .mute');
	await page.locator('#work .volume').fill('35');
	assert.ok(await page.isVisible('#sound-muted'));
	await scan(page, number);
	await panel(page, 'valid');
	assert.deepEqual(await tones(page), []);
	await page.reload();
	await page.waitForSelector('#work:not([hidden])');
	assert.ok(await page.isChecked('#work .mute'));
	assert.equal(await page.inputValue('#work .volume'), '35');
	await until(async () => await text(page, '#depth') === 'empty', 'the disk let go what was sent before the reload');
	await page.click('#leave');
	await page.fill('#station', 'Dock 9');
	await page.click('#begin');
	await page.waitForSelector('#work:not([hidden])');
	assert.ok(!await page.isChecked('#work .mute'));
	await page.context().close();
});

test('there is one audio context', async () => {
	const list = await load(numbers(3));
	const page = await startScanning(browser, { init: () => {
		window.contexts = 0;
		window.AudioContext = class extends AudioContext {
			constructor() {
				super();
				window.contexts += 1;
			}
		};
	} });
	for (const number of list) {
		await scan(page, number);
		await showing(page, number);
	}
	assert.equal(await page.evaluate(() => window.contexts), 1);
	await page.context().close();
});
