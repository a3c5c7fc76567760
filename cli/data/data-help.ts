export const dataHelp = `Fetches, imports and inspects datasets.

Usage: lockstep data fetch NAME [--output DIR] [--json]
       lockstep data import --interactions FILE --items FILE --output DIR [options]
       lockstep data show DIR [--item ID] [--json]

fetch    a built-in dataset: movielens-100k. Built in data/ where a job finds it, or in DIR
import   files of one's own, as a new folder DIR
show     checks a dataset folder and tells what it holds, or what it knows of one item

Options of import:
  --interactions FILE    who has used what, and when
  --items FILE           the items and their texts
                         Both are recognised by their content: CSV, TSV, text separated by ; | or ::,
                         JSON lines, RecBole's atomic files, any of them as gzip or zstd, and Parquet
  --output DIR           a new folder
  --name NAME            default: the last part of DIR
  --format F             auto (default); hllm: CSV, whatever it looks like; recbole: atomic files
  --user-column NAME     of the interactions (default: user_id)
  --item-column NAME     of the interactions (default: item_id)
  --time-column NAME     of the interactions: numbers or dates of ISO 8601 (default: timestamp)
  --id-column NAME       of the items (default: as --item-column)
  --title-column NAME    of the items, kept for people to read (default: the column whose name looks
                         like it, else the first of --text-columns)
  --interactions-header A,B,C   the columns of a file whose first line is a row already
  --items-header A,B,C          the same for the items
  --text-columns A,B=K   columns of the item's text, in order; =K gives a column another key
                         (default: every column but the item's)
  --prompt TEXT          before the fields (default: HLLM's with a pretrained tokenizer, else nothing)
  --separator TEXT       between fields (default: nothing with a pretrained tokenizer, as in
                         HLLM, else a space)
  --max-tokens N         longer texts are cut (default: 64)
  --tokenizer T          word: the texts' words; bpe: subwords, of which nothing is unknown;
                         auto: words up to 16,384 of them, else subwords (default);
                         or the path of a pretrained model's tokenizer.json, GGUF file or folder
  --min-frequency N      rarer words become [UNK] (default: 1), rarer pairs of subwords stay apart
                         (default: 2)
  --max-vocabulary N     tokens at most (default: 32768)
  --catalogue C          interacted: the items that someone has used (default); all: the whole file
  --label NAME           the column of the interactions that says what was wanted: 0 or 1, true or
                         false; nothing where nobody knows (default: the dataset has no labels)
  --label-at-least N     the column holds numbers: from N on, an item was wanted
  --min-rating N         leave out interactions with a lower rating,
  --rating-column NAME   which is in this column (default: rating)
  --deduplicate K        of a user's interactions with one item keep the first or the last in time
  --min-user-interactions N     leave out users and items that have fewer, by turns until none has
  --min-item-interactions N     (the k-core); after the rating and --deduplicate
  --on-bad-row P         error: stop at the first (default); skip: leave out and count

Options of show:
  --item ID              tell what is known of this item instead

Options of all:
  --json                 one JSON object a line; the last one is the result

Examples:
  lockstep data fetch movielens-100k
  lockstep data import --interactions interactions.csv --items items.csv --output data/books
  lockstep data show data/books --item 42

Ends with 0 when done, with 2 when the command or the data cannot be used, with 1 by a defect.`;
