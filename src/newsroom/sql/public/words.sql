-- How a text is cut into words for the search, for texts and for queries alike: no case, no accents, letters and digits only,
-- plural and singular alike (Harman's S stemmer: D. Harman, How effective is suffixing?, JASIS 42, 1991; English only, harmless elsewhere).
CREATE OR REPLACE MACRO search_stem(word) AS CASE
    WHEN length(word) < 4 OR right(word, 1) <> 's' THEN word
    WHEN right(word, 3) = 'ies' AND right(word, 4) NOT IN ('eies', 'aies') THEN word[:-4] || 'y'
    WHEN right(word, 2) = 'es' AND right(word, 3) NOT IN ('aes', 'ees', 'oes') THEN word[:-2]
    WHEN right(word, 2) NOT IN ('us', 'ss', 'es') THEN word[:-2]
    ELSE word
END;
CREATE OR REPLACE MACRO search_words(words) AS
    list_transform(
        regexp_extract_all(
            -- few texts hold more than ASCII and punctuation, and to look for accents takes as long as to cut the words
            CASE WHEN regexp_matches(words, '[^\x00-\x7F\x{A0}-\x{BF}\x{2010}-\x{2026}]') THEN strip_accents(lower(words)) ELSE lower(words) END,
            '[\p{L}\p{N}]+'
        ),
        lambda word: search_stem(word)
    );
