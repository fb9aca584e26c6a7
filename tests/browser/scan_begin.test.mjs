/* How a session begins: what it expects is chosen, and it needs no server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OwnServer, recorded, sql } from './own_server.mjs';
import { launch, load, numbers, open, panel, scan, startScanning, text, type, until, violations } from './support.mjs';

let browser, server;
before(async () => {
	server = await OwnServer.start();
	browser = await launch();
});
after(async () => {
	await browser.close();
	await server.stop();
});

const valid = (list) => list.map((n) => [n, 'valid']);
const newest = () => sql('select id from uploads order by id desc limit 1')[0][0];
const sessions = (station) => sql(`select id, expected from batch_sessions where station = '${station}'`);

async function startOf(options = {}, station = 'Gate 1') {
	const page = await open(browser, '/scan', { site: server.url, ...options });
	await page.fill('#operator', 'Ana Reyes');
	await page.fill('#station', station);
	return page;
}

for (const [name, options] of [['light', {}], ['dark and narrow', { colorScheme: 'dark', viewport: { width: 320, height: 568 } }]]) {
	test(`a session expects the uploads that are ticked, ${name}`, async () => {
		const list = await load(numbers(2));
		const first = newest();
		await load(numbers(3));
		const page = await startOf(options);
		await page.selectOption('#expect', 'uploads');
		await page.waitForSelector(`#expect-list input[value="${first}"]`);
		assert.match(await text(page, `#expect-list label:has([value="${first}"])`), /manifest\.csv, .* 2 rows/);
		assert.deepEqual(await violations(page), []);
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
		await page.click('#begin');
		assert.match(await text(page, '#start-error'), /Tick the uploads/);
		await page.focus(`#expect-list input[value="${first}"]`);
		await page.keyboard.press('Space');
		await page.keyboard.press('Enter');
		await page.waitForSelector('#work:not([hidden])');
		await until(async () => await text(page, '#c-expected') === '2', 'it expects the upload');
		await scan(page, list[0]);
		await until(async () => await text(page, '#c-missing') === '1', 'one is missing');
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});
}

test('a session that expects any parcel misses none', async () => {
	const page = await startOf({}, 'Gate 2');
	await page.selectOption('#expect', 'any');
	await page.click('#begin');
	await page.waitForSelector('#work:not([hidden])');
	assert.equal(await text(page, '#c-missing'), '–');
	assert.deepEqual(sessions('Gate 2').length, 1);
	await page.context().close();
});

test('Start pressed twice while the server is slow begins one session', async () => {
	const page = await startOf({}, 'Gate 6');
	let posts = 0, release;
	const held = new Promise((resolve) => { release = resolve; });
	await page.route('**/sessions', async (route) => {
		posts += 1;
		await held;
		await route.continue();
	});
	await page.click('#begin');
	await page.click('#begin');
	await page.evaluate(() => fetch('/health')); /* asked after whatever the second click asked */
	await until(() => posts > 0, 'it is asked for');
	assert.equal(posts, 1);
	release();
	await page.waitForSelector('#work:not([hidden])');
	assert.equal(sessions('Gate 6').length, 1);
	await page.context().close();
});

test('a late refusal of a session that was left does not end the next', async () => {
	const [number] = await load(numbers(1));
	const page = await startOf({}, 'Gate 7');
	let posts = 0, refuse;
	const held = new Promise((resolve) => { refuse = resolve; });
	await page.route('**/sessions', async (route) => {
		posts += 1;
		if (posts === 1) {
			await route.abort();
		} else if (posts === 2) { /* the page asks again by itself */
			await held;
			await route.fulfill({ status: 422, json: { error: 'bad_field', message: 'No such upload.' } });
		} else {
			await route.continue();
		}
	});
	await page.click('#begin');
	await page.waitForSelector('#work:not([hidden])');
	await until(() => posts === 2, 'it is asked for again');
	await page.click('#leave');
	await page.click('#begin');
	await page.waitForSelector('#work:not([hidden])');
	const answer = page.waitForResponse((r) => r.status() === 422);
	refuse();
	await answer;
	await scan(page, number);
	await panel(page, 'valid');
	assert.deepEqual(recorded(sessions('Gate 7')[0][0]), valid([number]));
	await page.context().close();
});

test('a session begun without the server is made once when it is back, with its scans', async () => {
	const list = await load(numbers(4));
	const page = await startOf({}, 'Gate 3');
	await server.down();
	await page.click('#begin');
	await page.waitForSelector('#work:not([hidden])');
	assert.match(await text(page, '#note'), /begun without the server/);
	assert.match(await text(page, '#connection'), /Not connected/);
	for (const number of list.slice(0, 3)) {
		await scan(page, number);
	}
	await until(async () => await text(page, '#depth') === '3 scans waiting', 'they wait');
	await page.click('#dispatch-open');
	assert.match(await text(page, '#dispatch-told'), /does not know this session yet/);
	await page.keyboard.press('Escape');
	await page.click('#missing-open');
	assert.match(await text(page, '#missing-told'), /does not know this session yet/);
	await page.keyboard.press('Escape');
	await page.click('#session-open');
	assert.match(await text(page, '#note'), /no other station can join/);
	await server.up();
	await until(async () => await text(page, '#depth') === 'empty', 'the queue is empty', 40000);
	const [[session]] = sessions('Gate 3');
	assert.equal(await text(page, '#v-session'), session);
	assert.deepEqual(recorded(session), valid(list.slice(0, 3)));
	await scan(page, list[3]);
	await until(async () => await text(page, '#c-scanned') === '4', 'it goes on');
	assert.equal(sessions('Gate 3').length, 1);
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('such a session outlives a reload, and an answer that was lost', async () => {
	const list = await load(numbers(2));
	const page = await startOf({ serviceWorkers: 'allow' }, 'Gate 4');
	await page.evaluate(() => navigator.serviceWorker.ready);
	await until(() => page.evaluate(() => navigator.serviceWorker.controller !== null), 'the page is controlled');
	let lost = 0;
	await page.context().route('**/sessions', async (route) => {
		if (route.request().method() === 'POST' && lost < 2) {
			lost += 1;
			await route.fetch(); /* made there, and never heard of here */
			await route.abort();
		} else {
			await route.continue();
		}
	});
	await page.click('#begin');
	await page.waitForSelector('#work:not([hidden])');
	await page.context().setOffline(true);
	await scan(page, list[0]);
	await until(async () => await text(page, '#depth') === '1 scan waiting', 'it waits');
	page.on('dialog', (dialog) => dialog.accept());
	await page.reload();
	await page.waitForSelector('#work:not([hidden])');
	await scan(page, list[1]);
	await until(async () => await text(page, '#depth') === '2 scans waiting', 'both wait');
	await page.context().setOffline(false);
	await until(async () => await text(page, '#depth') === 'empty', 'the queue is empty', 40000);
	assert.equal(sessions('Gate 4').length, 1);
	assert.deepEqual(recorded(sessions('Gate 4')[0][0]), valid(list));
	assert.ok(lost > 0);
	await page.context().close();
});

test('a session that cannot be made gives its scans to people', async () => {
	const [number] = await load(numbers(1));
	const page = await startOf({}, 'Gate 5');
	await page.selectOption('#expect', 'uploads');
	await page.check(`#expect-list input[value="${newest()}"]`);
	await server.down();
	await page.click('#begin');
	await page.waitForSelector('#work:not([hidden])');
	await scan(page, number);
	await until(async () => await text(page, '#depth') === '1 scan waiting', 'it waits');
	sql(`update uploads set state = 'failed' where id = ${newest()}`);
	await server.up();
	await page.waitForSelector('#refused-notice:not([hidden])', { timeout: 40000 });
	await page.waitForSelector('#start:not([hidden])', { timeout: 40000 });
	assert.match(await text(page, '#start-error'), /The session was not made: .*uploads/);
	assert.equal(sessions('Gate 5').length, 0);
	await page.context().close();
});

test('a known session is resumed without the server', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser, { site: server.url });
	const session = await text(page, '#v-session');
	await page.click('#leave');
	await server.down();
	await page.click('#resume');
	await page.waitForSelector('#work:not([hidden])');
	await scan(page, number);
	await panel(page, 'held');
	await server.up();
	await until(async () => await text(page, '#depth') === 'empty', 'the queue is empty', 40000);
	assert.deepEqual(recorded(session), valid([number]));
	await page.context().close();
});

/* A hand-held scrolled to its entry field, and away from the verdict and the connection. */
for (const viewport of [{ width: 1280, height: 800 }, { width: 1024, height: 600 }, { width: 360, height: 640 }, { width: 320, height: 568 }]) {
	test(`counters, people, queue, connection and verdict are in view at ${viewport.width} x ${viewport.height}`, async () => {
		const list = await load(numbers(12));
		const page = await startScanning(browser, { site: server.url, viewport });
		await type(page, list.map((n) => `${n}\n`).join(''), 1);
		await until(async () => await text(page, '#c-scanned') === '12', 'all are scanned', 30000);
		await panel(page, 'valid');
		for (const id of ['v-station', 'v-operator', 'connection', 'depth', 'c-scanned', 'c-expected', 'c-missing', 'entry', 'verdict-status']) {
			const seen = await page.evaluate((name) => {
				const box = document.getElementById(name).getBoundingClientRect();
				const on = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
				return box.top >= 0 && box.bottom <= innerHeight && box.right <= innerWidth
					&& document.getElementById(name).contains(on);
			}, id);
			assert.ok(seen, id);
		}
		assert.deepEqual(await violations(page), []);
		await page.context().close();
	});
}

/* A disk that is slow to answer kept the page waiting, which then emptied the fields. */
test('what is typed before the page is ready stays', async () => {
	const page = await startScanning(browser, { site: server.url,
		init: () => { IDBFactory.prototype.open = () => ({}); } });
	assert.equal(await text(page, '#v-operator'), 'Ana Reyes');
	await page.context().close();
});
