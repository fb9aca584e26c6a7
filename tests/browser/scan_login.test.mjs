/* A login that ends in the middle of a shift: scans are kept, and sent after the next. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { OwnServer, recorded } from './own_server.mjs';
import { launch, load, numbers, open, panel, scan, text, until, violations } from './support.mjs';

const PASSWORD = 'correct horse battery';
let browser, server;
before(async () => {
	server = await OwnServer.start({ WAYBILL_AUTH: 'on', WAYBILL_LOGIN_RATE: '0' });
	execFileSync(join(process.env.WAYBILL_BUILD, 'waybillctl'),
		['user', 'add', 'sol', '--role', 'scanner', '--stdin'], { env: server.environment, input: `${PASSWORD}\n` });
	browser = await launch();
});
after(async () => {
	await browser.close();
	await server.stop();
});

async function logIn(page) {
	await page.fill('#username', 'sol');
	await page.fill('#password', PASSWORD);
	await page.press('#password', 'Enter');
	await page.waitForSelector('#me');
}

for (const serviceWorkers of ['block', 'allow']) {
	test(`scans outlive a login, service worker ${serviceWorkers}ed`, async () => {
		const list = await load(numbers(3));
		const page = await open(browser, '/scan', { site: server.url, serviceWorkers });
		await logIn(page);
		await page.fill('#operator', 'Sol');
		await page.fill('#station', 'Dock 3');
		await page.click('#begin');
		await page.waitForSelector('#work:not([hidden])');
		const session = await text(page, '#v-session');
		await scan(page, list[0]);
		await panel(page, 'valid');
		await page.context().clearCookies();
		await scan(page, list[1]);
		await panel(page, 'held');
		await page.waitForSelector('#login-over:not([hidden])');
		assert.match(await text(page, '#connection'), /nobody is logged in/);
		assert.deepEqual(await violations(page), []);
		await scan(page, list[2]);
		await until(async () => await text(page, '#depth') === '2 scans waiting', 'both are kept');
		await page.click('#login-over a');
		await logIn(page);
		await page.waitForSelector('#work:not([hidden])');
		await until(async () => await text(page, '#depth') === 'empty', 'they are sent');
		assert.deepEqual(recorded(session), list.map((n) => [n, 'valid']));
		assert.ok(!await page.isVisible('#login-over'));
		await page.context().close();
	});
}
