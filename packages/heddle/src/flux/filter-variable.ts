/** Names the file with values for `${…}`: an environment variable, so that threads of a topology find it as well. */
export const filterVariable = 'HEDDLE_FLUX_FILTER'
