/* The dashboard and the page of one waybill. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { api, launch, load, numbers, open, text, until } from './support.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const number = async (page, selector) => Number((await text(page, selector)).replaceAll(',', ''));

async function scanned(list, session, station) {
	for (const waybill_number of list) {
		await api('POST', '/scan', { waybill_number, session_id: session, scan_id: randomUUID(),
			station, scanned_by: 'Carla', mode: 'dispatch' });
	}
}

test('the figures are those of the database, and follow it', async () => {
	const list = await load(numbers(6));
	const { json: session } = await api('POST', '/sessions', { scanned_by: 'Carla', station: 'Gate 4' });
	await scanned([list[0], list[1], list[0], numbers(1)[0]], session.id, 'Gate 4');
	const page = await open(browser, '/');
	await until(async () => await number(page, '#s-total') === 4, 'the scans are shown');
	assert.deepEqual([await number(page, '#s-valid'), await number(page, '#s-duplicate'),
		await number(page, '#s-error')], [2, 1, 1]);
	assert.match(await text(page, '#by-status'), /^All6Pending6HQ scheduling0/);
	assert.deepEqual(await page.locator('#station-rows tr').first().locator('td').allTextContents(),
		['Gate 4', '2', '1', '1']);
	assert.match(await text(page, '#operator-rows'), /Carla/);
	assert.match(await text(page, '#destination-rows'), /Cebu City6/);
	assert.equal(await page.locator('#recent-rows tr').count(), 4);
	assert.match(await text(page, '#upload-rows'), /manifest\.csv.*Completed/);
	assert.ok(await page.locator('#chart rect').count() >= 1);
	await scanned([list[2]], session.id, 'Gate 4');
	await until(async () => await number(page, '#s-valid') === 3, 'the page follows by itself');
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('figures that did not change are asked for by their ETag', async () => {
	const asked = [];
	const page = await open(browser, '/scan');
	await page.route('**/dashboard', async (route) => {
		asked.push(route.request().headers()['if-none-match'] ?? null);
		if (asked.length === 1) {
			const answer = await route.fetch();
			await route.fulfill({ response: answer, headers: { ...answer.headers(), etag: '"v1"' } });
		} else {
			await route.fulfill({ status: 304, headers: { etag: '"v1"' } });
		}
	});
	await page.goto(process.env.WAYBILL_URL);
	await until(() => asked.length >= 3, 'the page asked three times');
	assert.deepEqual(asked.slice(0, 3), [null, '"v1"', '"v1"']);
	assert.ok(!await page.isVisible('#trouble'));
	assert.match(await text(page, '#by-status'), /^All\d/);
	await page.context().close();
});

test('a server or database that is away is said clearly, and the page recovers', async () => {
	const page = await open(browser, '/');
	await until(async () => /Figures of/.test(await text(page, '#asof')), 'figures came');
	await page.route('**/dashboard', (route) => route.abort());
	await page.waitForSelector('#trouble:not([hidden])');
	assert.match(await text(page, '#trouble'), /server cannot be reached.*figures are those of \d\d:\d\d:\d\d/);
	await page.unroute('**/dashboard');
	await page.route('**/dashboard', (route) => route.fulfill({ status: 503,
		json: { error: 'database_unreachable', message: 'the database is away' } }));
	await until(async () => /database is away/.test(await text(page, '#trouble')), 'the reason changes');
	await page.unroute('**/dashboard');
	await page.waitForSelector('#trouble', { state: 'hidden' });
	await page.context().close();
});

test('a waybill is shown with its history', async () => {
	const [waybill] = await load(numbers(1));
	const { json: session } = await api('POST', '/sessions', { scanned_by: 'Dina', station: 'Gate 5' });
	await scanned([waybill], session.id, 'Gate 5');
	const page = await open(browser, '/');
	await page.fill('#q', waybill.toLowerCase());
	await page.press('#q', 'Enter');
	await page.waitForSelector('#found:not([hidden])');
	assert.equal(await text(page, 'h1'), waybill);
	assert.match(await text(page, '#waybill'), /StatusPending.*DestinationCebu City/);
	assert.match(await text(page, '#history'), /Valid.*Gate 5/);
	assert.match(await text(page, '#history'), /manifest\.csv/);
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('an unknown number says so', async () => {
	const page = await open(browser, `/waybills/${numbers(1)[0]}`);
	await page.waitForSelector('#trouble .notice');
	assert.match(await text(page, '#trouble'), /No waybill JT\d+/);
	await page.context().close();
});
