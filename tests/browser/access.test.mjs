/* Every page in every state, light and dark: axe finds nothing, and it fits a hand-held. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { csv, launch, load, numbers, open, openUpload, panel, scan, startScanning, violations } from './support.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function fine(page) {
	assert.deepEqual(await violations(page), []);
	assert.deepEqual(page.faults, []);
}

for (const colorScheme of ['light', 'dark']) {
	test(`dashboard, ${colorScheme}`, async () => {
		await load(numbers(2));
		const page = await open(browser, '/', { colorScheme });
		await page.waitForSelector('#upload-rows a');
		await fine(page);
		await page.route('**/dashboard', (route) => route.abort());
		await page.waitForSelector('#trouble:not([hidden])');
		await fine(page);
		await page.context().close();
	});

	test(`upload, ${colorScheme}`, async () => {
		const page = await openUpload(browser, { colorScheme });
		await fine(page);
		for (const [name, content] of [
			['good.csv', csv(numbers(2))],
			['rejects.csv', `Waybill Number,Receiver\r\n${numbers(1)[0]},Ana\r\n,Nobody\r\n`],
			['refused.csv', 'Name,Colour\r\nAna,blue\r\n'],
		]) {
			await page.setInputFiles('#file', { name, mimeType: 'text/csv', buffer: Buffer.from(content) });
			await page.press('#send', 'Enter'); /* which the preview moves */
			await page.waitForSelector('#outcome:not([hidden])');
			await fine(page);
		}
		await page.context().close();
	});

	test(`scan, ${colorScheme}`, async () => {
		const [number] = await load(numbers(1));
		const start = await open(browser, '/scan', { colorScheme });
		await fine(start);
		await start.context().close();
		const page = await startScanning(browser, { colorScheme });
		await fine(page);
		await scan(page, number);
		await panel(page, 'valid');
		await fine(page);
		await page.waitForTimeout(1050);
		await scan(page, number);
		await panel(page, 'duplicate');
		await fine(page);
		await scan(page, numbers(1)[0]);
		await panel(page, 'unknown');
		await fine(page);
		await page.route('**/scan', (route) => route.abort());
		await scan(page, number);
		await panel(page, 'held');
		await fine(page);
		await page.context().close();
	});

	test(`waybill, ${colorScheme}`, async () => {
		const [number] = await load(numbers(1));
		const page = await open(browser, `/waybills/${number}`, { colorScheme });
		await page.waitForSelector('#found:not([hidden])');
		await fine(page);
		await page.context().close();
	});
}

const PAGES = { 'dashboard.html': '/', 'upload.html': '/upload', 'uploads.html': '/uploads', 'scan.html': '/scan',
	'scan_commands.html': '/scan-commands', 'scanner_test.html': '/scanner-test', 'waybills.html': '/waybills',
	'waybill.html': '/waybills/JT0', 'sessions.html': '/sessions', 'session.html': '/sessions/1',
	'unknown.html': '/unknown-scans' };
/* Their server lets people log in: login.test.mjs. */
const BEHIND_LOGIN = ['account.html', 'audit.html', 'login.html', 'users.html'];

test('no page is left out', () => {
	assert.deepEqual(readdirSync('static').filter((name) => name.endsWith('.html')).sort(),
		[...Object.keys(PAGES), ...BEHIND_LOGIN].sort());
});

for (const path of Object.values(PAGES)) {
	test(`${path} fits 320 px`, async () => {
		const page = await open(browser, path, { viewport: { width: 320, height: 568 } });
		await page.waitForLoadState('networkidle');
		await fine(page);
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 320);
		await page.context().close();
	});
}

test('scanning fits 320 px', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser, { viewport: { width: 320, height: 568 } });
	await scan(page, number);
	await panel(page, 'valid');
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 320);
	await page.context().close();
});
