import { format } from '../../yaml/load-yaml.ts'
import { print } from '../output.ts'

/** `heddle yaml-schema`: the JSON Schema of topology files. */
export function yamlSchema(): void {
  print(JSON.stringify(format.schema, null, 2))
}
