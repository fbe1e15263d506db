/** True for the text of a YAML file of Storm's Flux. */
export const isFlux = (text: string): boolean => /^spouts\s*:/m.test(text) && !/^topology\s*:/m.test(text)
