/*
 * Takes README's picture of the scan page:
 *
 *   tests/support/with_server.py node tests/browser/picture.mjs tests/browser/scan-page.png
 */
import { launch, load, panel, scan, startScanning } from './support.mjs';

const numbers = [3141, 5926, 5358].map((n) => `JT000001234${n.toString().slice(-2)}`.padEnd(15, '7'));
const browser = await launch();
await load(numbers);
const page = await startScanning(browser);
await page.setViewportSize({ width: 1180, height: 720 });
for (const code of [numbers[0], '123', numbers[1], numbers[2]]) {
	await scan(page, code);
	await panel(page, code === '123' ? 'unknown' : 'valid');
	await page.waitForTimeout(300); /* the panel's change is drawn */
}
await page.screenshot({ path: process.argv[2] });
await browser.close();
