/* The scan page without a network: its own files, whole and of one version. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { OwnServer } from './own_server.mjs';
import { launch, open, panel, scan, startScanning, text, until } from './support.mjs';

let browser, server, folder;
before(async () => {
	folder = mkdtempSync(join(tmpdir(), 'waybill-static-'));
	cpSync('static', folder, { recursive: true });
	server = await OwnServer.start({ WAYBILL_STATIC_DIR: folder });
	browser = await launch();
});
after(async () => {
	await browser.close();
	await server.stop();
	rmSync(folder, { recursive: true, force: true });
});

const PAGES = { '/scan': 'scan.html', '/scan-commands': 'scan_commands.html', '/scanner-test': 'scanner_test.html' };

/* What a file asks for: its imports, scripts, styles. */
function needs(name) {
	return [...readFileSync(join('static', name), 'utf8')
		.matchAll(/(?:from |src=|href=)["']\/static\/([\w.]+)["']/g)].map((m) => m[1]);
}

test('the list of files is what the pages need, no more and no less', () => {
	const found = new Set();
	const walk = (name) => needs(name).filter((n) => !found.has(n)).forEach((n) => {
		found.add(n);
		walk(n);
	});
	Object.values(PAGES).forEach(walk);
	const source = readFileSync('static/sw.js', 'utf8');
	const [, list] = source.match(/FILES = (\[[\s\S]*?\n\]);/);
	const files = new Function(`return ${list}`)();
	assert.deepEqual([...files].sort(),
		[...Object.keys(PAGES), ...[...found].map((name) => `/static/${name}`)].sort());
});

async function kept(path) {
	const page = await open(browser, path, { site: server.url, serviceWorkers: 'allow' });
	await page.evaluate(() => navigator.serviceWorker.ready);
	await until(() => page.evaluate(() => navigator.serviceWorker.controller !== null), 'the page is controlled');
	return page;
}

const replace = (name, change) => {
	const path = join(folder, name);
	writeFileSync(`${path}.new`, change(readFileSync(path, 'utf8')));
	renameSync(`${path}.new`, path);
};

test('all three pages open without a network', async () => {
	const page = await kept('/scan');
	await page.context().setOffline(true);
	for (const [path, said] of [['/scan-commands', 'Command barcodes'], ['/scanner-test', 'Scanner test'],
		['/scan', 'Scan parcels']]) {
		await page.goto(server.url + path);
		assert.equal(await text(page, 'h1'), said);
	}
	assert.ok(await page.isVisible('#begin'));
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

/* It sleeps after half a minute, and waking it took longer than all the rest of a scan. */
test('a scan does not wait for the service worker', async () => {
	const page = await startScanning(browser, { site: server.url, serviceWorkers: 'allow' });
	await page.evaluate(() => navigator.serviceWorker.ready);
	await until(() => page.evaluate(() => navigator.serviceWorker.controller !== null), 'the page is controlled');
	await scan(page, 'JT0000000000001');
	await panel(page, 'unknown');
	const sources = await page.evaluate(() => performance.getEntriesByType('resource')
		.filter((one) => new URL(one.name).pathname === '/scan').map((one) => one.workerFinalSourceType));
	assert.deepEqual([...new Set(sources)], ['network']); /* and not 'fetch-event'; more than one when it was slow */
	await page.context().close();
});

test('changed files are taken over together, and a page is never half old', async () => {
	const page = await kept('/scan');
	replace('scan.html', (s) => s.replace('Scan · Waybills', 'Scan · New'));
	replace('start_screen.js', (s) => s.replaceAll('Start scanning', 'Begin now'));
	await page.waitForTimeout(1100); /* workers look once a second */
	await page.reload({ waitUntil: 'commit' }); /* old, and looks: it may go before it is whole */
	await until(async () => await text(page, 'title') === 'Scan · New', 'the start screen takes the new files by itself');
	await page.context().setOffline(true);
	await page.reload();
	assert.equal(await page.title(), 'Scan · New');
	assert.match(await page.evaluate(() => fetch('/static/start_screen.js').then((r) => r.text())), /Begin now/);
	const names = await page.evaluate(async () => (await caches.keys()).length);
	assert.ok(names <= 2);
	await page.context().close();
});

/*
 * A set is called by the time when it was made. The clock had been a day ahead: all that was
 * deployed on that day was kept and never shown, and the start screen loaded itself anew without end.
 */
test('files that were kept while the clock was wrong give way to new ones', async () => {
	const page = await kept('/scan');
	await page.evaluate(async () => {
		const [name] = await caches.keys();
		const [old, ahead] = await Promise.all([caches.open(name),
			caches.open(name.replace(/\d+$/, (at) => String(Number(at) + 86400000).padStart(15, '0')))]);
		for (const request of await old.keys()) {
			await ahead.put(request, await old.match(request));
		}
		await caches.delete(name);
	});
	let loads = 0;
	page.on('load', () => { loads += 1; });
	replace('scan.html', (s) => s.replace(/<title>.*<\/title>/, '<title>Scan · Later</title>'));
	await page.waitForTimeout(1100); /* workers look once a second */
	await page.reload({ waitUntil: 'commit' });
	await until(async () => await text(page, 'title') === 'Scan · Later', 'the start screen takes the new file');
	assert.ok(loads <= 3, `${loads} loads`);
	await page.context().close();
});

test('a file that cannot be had leaves the old set whole', async () => {
	const page = await kept('/scan');
	const title = await page.title();
	replace('scan.html', (s) => s.replace(/<title>.*<\/title>/, '<title>Broken</title>'));
	await server.down();
	await page.evaluate(() => navigator.serviceWorker.controller.postMessage('check'));
	await page.reload();
	assert.equal(await page.title(), title);
	assert.ok(await page.isVisible('#begin'));
	await server.up();
	await page.context().close();
});
