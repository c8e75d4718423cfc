//! What the splitter asks of Chinese, Japanese and Korean text: where marks have no blanks behind them, and
//! what follows a quotation.

/// Characters that who said it takes at most, with how.
const REPORT: usize = 20;

/// Whether a sentence goes on right behind a closing quote: `「…。」と`.
pub fn carries_on(c: char) -> bool {
    matches!(c, 'ぁ'..='ゟ')
}

/// Whether what stands behind a quotation tells who said it: a short clause that ends in a verb of saying, one of
/// `verbs`.
pub fn is_reported(behind: &str, verbs: &[&str]) -> bool {
    if verbs.is_empty() {
        return false;
    }
    let mut clause = behind.char_indices().take(REPORT);
    let end = clause.find(|&(_, c)| is_mark(c)).map(|(at, _)| at);
    end.is_some_and(|end| verbs.iter().any(|verb| behind[..end].trim_end().ends_with(verb)))
}

fn is_mark(c: char) -> bool {
    matches!(
        c,
        '。' | '！' | '？' | '，' | '、' | '：' | '；' | '…' | '.' | '!' | '?' | ',' | ':' | ';' | '\n'
    )
}

/// Whether the text before a full-width dot ends in one Latin capital: `Ｊ．Ｋ．`
pub fn is_initial(before: &str) -> bool {
    let mut last = before.chars().rev();
    last.next().is_some_and(|c| matches!(c, 'A'..='Z' | 'Ａ'..='Ｚ'))
        && !last.next().is_some_and(char::is_alphabetic)
}

/// Chinese, kana, Hangul.
pub fn is_wide(c: char) -> bool {
    matches!(c, 'ぁ'..='ヿ' | '㐀'..='鿿' | '가'..='힣')
}

pub fn is_opening_bracket(c: char) -> bool {
    matches!(c, '「' | '『' | '（' | '《' | '〈' | '【' | '〔' | '［' | '｢')
}

/// The syllables that Korean sentences end in: a dot behind one is a full stop, blank or not.
pub fn ends_korean(c: char) -> bool {
    matches!(c, '다' | '요' | '까' | '죠' | '네')
}

#[cfg(test)]
mod tests {
    use crate::split::tests::check;

    #[test]
    fn chinese() {
        check(
            "zh",
            &[
                "他来了。|她走了！|“你去吗？”|好。",
                "价格是3．5元。|很贵。",
                "桥修好了。|渡船从明天起停开，票可以退。",
                "“船开了吗？”老人问。|“还没有。”|他们坐下来等。",
                "“快走！”她大声喊道，“水涨上来了！”|没有人动。",
                "他写了一句话：“路不通。”|字很小。",
                "他说完了。|“《河边》这本书我没读过。”|她笑了。",
                "他有五（！）条船。|钱是借来的。",
                "会议在下午3.30开始。|有12.5%的人没来。",
                "他想了很久……然后点点头。|大家都看着他。",
                "真的？！|当然！！|好吧。",
                "他走了……。|我也走了。",
                "请看www.example.com。|谢谢!|再见?",
                "他用的是Node.js和iPhone 15。|她不用。",
                "水位升到4.2米!|“快走”成了口号。",
                "他叫王明(音)。|他住在河边（离桥不远）。|门牌号是7。",
                "「船呢？」她問。|『走了。』|雨停了。",
                "第一章　渡口|\n河很宽。",
            ],
        );
    }

    #[test]
    fn japanese() {
        check(
            "ja",
            &[
                "雨です。|「行く。」と彼は言った。|本当？|はい。",
                "舟が出た。|橋はまだ工事中だ。|来年まで渡れない。",
                "「もう遅い！」彼女は言った。|「帰ろう。」|二人は歩き出した。",
                "『川の町』（第三版。）という本を読んだ。|面白かった。",
                "気温は３．５度だった。|寒い。",
                "Ｊ．Ｋ．田中が話した。|会場は静かだった。",
                "結果は以下の通りである．|次に方法を述べる．",
                "え！？|　本当に？|　信じられない！|でも……そうか。",
                "ｱﾒﾀﾞ｡|ﾌﾈﾊ｢ﾃﾞﾅｲ｡｣|ｿｳｶ｡",
                "会社はABC Inc.です。|社長はDr. Smithです。",
                "彼は「行くよ!」と言った。|誰も止めなかった。",
                "値段は1,200円!|安い!|買おう。",
                "終わり‥‥。|さて。",
            ],
        );
    }

    #[test]
    fn korean() {
        check(
            "ko",
            &[
                "비가 온다.| 나는 집에 있다.| 정말?| 응.",
                "다리가 완공되었습니다.| 배는 내일부터 운항하지 않습니다.",
                "\"갈까?\"라고 그가 물었다.| 아무도 대답하지 않았다.",
                "\"이제 늦었어.\" 그녀가 말했다.| 두 사람은 걸었다.",
                "“가자!” 그가 외쳤다.| “싫어.”| 비가 왔다.",
                "회의는 2025. 3. 5. 서울에서 열렸다.| 50명이 왔다.",
                "물가는 3.5% 올랐다.|임금은 그대로다.",
                "1. 준비물|\n2. 순서",
                "그는 Dr. Kim을 만났다.| 그들은 U.S. Navy에 대해 말했다.",
                "어디 가요?|집에 가요.| 왜요!?| 그냥…",
            ],
        );
    }
}
