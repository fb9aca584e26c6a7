/* The scan page in two tabs of one browser: one scans and sends, the other says so. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OwnServer, recorded } from './own_server.mjs';
import { launch, load, numbers, once, panel, scan, startScanning, text, until, violations } from './support.mjs';

let browser, server;
before(async () => {
	server = await OwnServer.start();
	browser = await launch();
});
after(async () => {
	await browser.close();
	await server.stop();
});

const sent = (page) => {
	const list = [];
	page.on('request', (r) => r.method() === 'POST' && /\/scans?$/.test(r.url())
		&& list.push(...(JSON.parse(r.postData()).scans ?? [JSON.parse(r.postData())])));
	return list;
};
const noPosts = (route) => (route.request().method() === 'POST' ? route.abort() : route.continue());
const empty = (page) => until(async () => await text(page, '#depth') === 'empty', 'the queue is empty', 40000);

test('two tabs: one sends the outbox, the other shows it, and takes over when told', async () => {
	const list = await load(numbers(8));
	const first = await startScanning(browser, { site: server.url });
	const session = await text(first, '#v-session');
	const byFirst = sent(first);
	await first.route(/\/scans?$/, noPosts); /* it cannot reach the server */
	for (const number of list.slice(0, 3)) {
		await scan(first, number);
	}
	await until(async () => await text(first, '#depth') === '3 scans waiting', 'three wait');

	const second = await first.context().newPage();
	const bySecond = sent(second);
	await second.goto(`${server.url}/scan`);
	await second.waitForSelector('#other-tab:not([hidden])');
	await until(async () => /^3 scans waiting/.test(await text(second, '#other-queue')), 'it shows the queue');
	assert.equal(await second.isVisible('#start'), false);
	assert.equal(await second.isVisible('#work'), false);
	assert.deepEqual(await violations(second), []);
	await scan(second, list[3]); /* nobody hears of it, and the page has said so */
	assert.deepEqual(bySecond, []);

	await first.unroute(/\/scans?$/);
	await empty(first);
	assert.deepEqual(recorded(session), list.slice(0, 3).map((n) => [n, 'valid']));
	await until(async () => /^No scan/.test(await text(second, '#other-queue')), 'the queue is empty here too');

	await first.route(/\/scans?$/, noPosts);
	await scan(first, list[3]);
	await until(async () => await text(first, '#depth') === '1 scan waiting', 'one waits again');
	const before = byFirst.length;
	await second.click('#scan-here');
	await second.waitForSelector('#work:not([hidden])');
	assert.equal(await text(second, '#v-session'), session);
	await first.waitForSelector('#other-tab:not([hidden])');
	await empty(second);
	await scan(second, list[4]);
	await panel(second, 'valid');
	assert.deepEqual(recorded(session), list.slice(0, 5).map((n) => [n, 'valid']));
	assert.deepEqual(once(bySecond), list.slice(3, 5));
	assert.deepEqual(byFirst.slice(before).map((s) => s.waybill_number).filter((n) => n !== list[3]), []);

	await second.close();
	await first.waitForSelector('#work:not([hidden])'); /* by itself */
	await first.unroute(/\/scans?$/);
	await scan(first, list[5]);
	await panel(first, 'valid');
	assert.deepEqual(recorded(session), list.slice(0, 6).map((n) => [n, 'valid']));
	await first.context().close();
});

const noDisk = () => { IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); }; };

test('a tab whose scans are not on the disk stays until they are sent', async () => {
	const [number] = await load(numbers(1));
	const first = await startScanning(browser, { site: server.url, init: noDisk });
	const session = await text(first, '#v-session');
	await first.route(/\/scans?$/, noPosts);
	await scan(first, number);
	await until(async () => await text(first, '#depth') === '1 scan waiting', 'it waits');
	const second = await first.context().newPage();
	await second.addInitScript(noDisk);
	await second.goto(`${server.url}/scan`);
	await second.waitForSelector('#other-tab:not([hidden])');
	await second.click('#scan-here');
	await until(async () => /kept in this tab alone/.test(await text(first, '#note')), 'it says why');
	assert.equal(await text(second, '#other-queue'), '', 'nobody knows here');
	await first.unroute(/\/scans?$/);
	await empty(first);
	assert.deepEqual(recorded(session), [[number, 'valid']]);
	await second.click('#scan-here');
	await second.waitForSelector('#work:not([hidden])');
	await first.context().close();
});

for (const [how, init] of [
	['without Web Locks', () => {
		Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });
		window.BroadcastChannel = undefined;
	}],
	['that refuses Web Locks', () => {
		LockManager.prototype.request = () => Promise.reject(new DOMException('no', 'SecurityError'));
		window.BroadcastChannel = function () { throw new DOMException('no', 'SecurityError'); };
	}],
]) {
	test(`a browser ${how} scans all the same`, async () => {
		const [number] = await load(numbers(1));
		const page = await startScanning(browser, { site: server.url, init });
		await scan(page, number);
		await panel(page, 'valid');
		const other = await page.context().newPage();
		await other.addInitScript(init);
		await other.goto(`${server.url}/scan`);
		await other.waitForSelector('#work:not([hidden])');
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});
}
