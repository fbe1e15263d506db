# A bolt in Ruby, for JRuby or any other: the letters of a word in order, so that anagrams have the same.
require_relative 'storm'

class Anagrams < Storm::Bolt
  def process(tuple)
    word = tuple.values.first
    emit([word.downcase.chars.sort.join, word])
  end
end

Anagrams.new.run
