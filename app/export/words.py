"""The words of an exported conversation that are not the conversation's, in each language of the page."""

from app.export.conversation import REFUSAL, Quotation, Turn

WORDS = {
    "refusal": {
        "en": REFUSAL,
        "ko": "문서에서 답을 찾지 못했습니다.",
        "ja": "文書の中に答えを見つけられませんでした。",
    },
    "nearest": {
        "en": "The nearest passages, which do not answer the question:",
        "ko": "질문에 대한 답은 아니지만 가장 가까운 구절:",
        "ja": "質問の答えではありませんが、最も近い箇所:",
    },
    "understood": {
        "en": "understood as: {question}",
        "ko": "다음과 같이 이해함: {question}",
        "ja": "次のように解釈: {question}",
    },
    "written": {
        "en": "Written by {model}; every sentence was checked.",
        "ko": "{model}이(가) 작성했으며, 모든 문장을 문서와 대조했습니다.",
        "ja": "{model} が書き、すべての文を文書と照合しました。",
    },
    "stopped": {
        "en": "It was stopped before its end.",
        "ko": "끝나기 전에 중지했습니다.",
        "ja": "終わる前に中止されました。",
    },
    "left-out": {
        "en": "Sentences left out, for the documents do not support them: {count}.",
        "ko": "문서로 뒷받침되지 않아 뺀 문장: {count}개.",
        "ja": "文書による裏付けがないため除いた文: {count}件。",
    },
    "footnote": {"en": "footnote {label}", "ko": "각주 {label}", "ja": "脚注 {label}"},
    "page": {"en": "p. {number}", "ko": "{number}쪽", "ja": "{number} ページ"},
    "position": {
        "en": "characters {start}–{end}, version {version}",
        "ko": "글자 위치 {start}–{end}, 버전 {version}",
        "ja": "文字位置 {start}–{end}、版 {version}",
    },
    "referring": {
        "en": "The document refers to footnote {label} in: “{sentence}”",
        "ko": "문서에서 각주 {label} 표시가 달린 문장: “{sentence}”",
        "ja": "文書で脚注 {label} が付いている文: “{sentence}”",
    },
    "sources": {"en": "Sources", "ko": "출처", "ja": "出典"},
    "back": {
        "en": "Back to reference {number}",
        "ko": "{number}번 인용 위치로 돌아가기",
        "ja": "参照 {number} に戻る",
    },
    "explained": {
        "en": "Each footnote quotes its document word for word. Positions count the characters of the "
        "document’s text; the version is the beginning of its file’s SHA-256.",
        "ko": "각주는 문서를 글자 그대로 인용합니다. 위치는 문서 텍스트의 글자 수로 셈하며, 버전은 "
        "파일 SHA-256의 앞부분입니다.",
        "ja": "脚注は文書を原文のまま引用しています。位置は文書テキストの文字数で数え、版はファイルの "
        "SHA-256 の先頭部分です。",
    },
}
"""Name to language to words, with the places of values in braces."""
LANGUAGES = ("en", "ko", "ja")


class Words:
    """The words of one language."""

    def __init__(self, language: str):
        self.language = language

    def say(self, name: str, **values: object) -> str:
        """Words by their name, with the values in their places."""
        return WORDS[name][self.language].format(**values).strip()

    def remarks(self, turn: Turn) -> str:
        """How an answer came about, "" where there is nothing to say: which model wrote it, and what of
        that is not here."""
        said = [self.say("written", model=turn.writer)] if turn.writer else []
        said += [self.say("stopped")] if turn.stopped else []
        said += [self.say("left-out", count=turn.left_out)] if turn.left_out else []
        return " ".join(said)

    def place(self, quotation: Quotation) -> tuple[str, ...]:
        """Where a quotation stands in its document: section or footnote, and page."""
        section = quotation.section
        if quotation.footnote is not None:
            section = self.say("footnote", label=quotation.footnote)
        page = "" if quotation.page is None else self.say("page", number=quotation.page)
        return tuple(part for part in (section, page) if part)

    def referring(self, quotation: Quotation) -> str:
        """Which sentence of its document refers to the footnote that is quoted, "" where none is known."""
        sentence, label = quotation.referring, quotation.footnote or ""
        return " ".join(self.say("referring", label=label, sentence=sentence).split()) if sentence else ""

    def position(self, quotation: Quotation) -> str:
        """The characters of its document's text that a quotation is, and of which version."""
        return self.say("position", start=quotation.start, end=quotation.end, version=quotation.version[:12])
