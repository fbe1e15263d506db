import { defineConfig } from 'heddle'

export default defineConfig({
  topologies: ['topologies'],
  topics: [{ name: 'orders', partitions: 4 }],
})
