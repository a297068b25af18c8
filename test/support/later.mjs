// Loaded into the programs of a town's jobs (test/support/town.ts): they live as many milliseconds later as it says.
const { now } = Date;
const later = Number(process.env['TOWN_LATER'] ?? 0);
Date.now = () => now() + later;
