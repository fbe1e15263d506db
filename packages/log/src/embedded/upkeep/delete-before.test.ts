import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openEmbeddedLog } from '../embedded-log.ts'

test('what is before the offset goes, batch by batch, and stays away', async () => {
  const path = mkdtempSync(join(tmpdir(), 'heddle-log-'))
  let log = await openEmbeddedLog({ path })
  await log.createTopic({ name: 't', partitions: 2 })
  for (let batch = 0; batch < 600; batch++)
    await log.append('t', [
      { value: `${batch}-a`, partition: 0 },
      { value: `${batch}-b`, partition: 0 },
    ])
  await log.append('t', [{ value: 'other', partition: 1 }])
  const place = { topic: 't', partition: 0 }

  await log.deleteRecords({ ...place, offset: 0 })
  expect((await log.partitions('t'))[0]).toMatchObject({ earliest: 0, latest: 1200 })
  await log.deleteRecords({ ...place, offset: 1001 })
  await log.close()
  log = await openEmbeddedLog({ path })
  expect((await log.partitions('t'))[0]).toMatchObject({ earliest: 1000, latest: 1200 })
  const [fetched] = await log.read([{ ...place, offset: 1000 }])
  expect(fetched!.records).toHaveLength(200)
  await expect(log.read([{ ...place, offset: 999 }])).rejects.toMatchObject({
    code: 'HEDDLE_LOG_OFFSET_OUT_OF_RANGE',
  })

  await log.deleteRecords({ ...place, offset: 1200 })
  expect((await log.partitions('t'))[0]).toMatchObject({ earliest: 1200, latest: 1200, bytes: 0 })
  expect((await log.partitions('t'))[1]).toMatchObject({ earliest: 0, latest: 1 })
  const [appended] = await log.append('t', [{ value: 'new', partition: 0 }])
  expect(appended!.offset).toBe(1200)
  await log.close()
  rmSync(path, { recursive: true })
})
