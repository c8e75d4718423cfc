//! The commonest words of some languages: enough to tell a sentence that is plainly in another language than
//! the one it is declared to be in, in a microsecond.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Languages of one alphabet, the Latin one, with the words that hold their sentences together.
const COMMON: &[(&str, &str)] = &[
    (
        "en",
        "the of and to in is that for it as was with be by on not he his but at are this have from or had an \
         they which you were their has been one all we would there her will what who when if more said can \
         about out up into than its she him them so do did my your our how where no a some could should these",
    ),
    (
        "de",
        "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden \
         aus er hat dass daß sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur \
         oder aber vor zur bis mehr durch man sein wurde wir ich kein keine wenn was seine ihre vom dann hatte \
         kann diese dieser eines unter gegen schon",
    ),
    (
        "fr",
        "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont mais \
         comme ou si leur avec cette ses aux été être ont elle nous vous son sa même deux aussi fait on je ils \
         tout sans était bien où nos c'est peut encore entre après",
    ),
    (
        "es",
        "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha sin \
         sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está nos \
         porque han donde quien estado",
    ),
    (
        "pt",
        "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à \
         seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem \
         mesmo aos ter seus são esta este foram",
    ),
    (
        "it",
        "di e il la che in a per è un del non i le una con sono da si alla della al come più lo dei nel ha \
         anche gli ma se o dal nella delle su ed era tra questo stato essere hanno molto degli questa ci dalla \
         sul ai perché due",
    ),
    (
        "nl",
        "de van het een en in is dat op te zijn voor met die niet aan er om ook als dan maar bij uit nog \
         worden door naar heeft hebben wordt over of hij zij was ze wel ik je geen meer werd deze tot kan \
         hun dit wij we",
    ),
    (
        "sv",
        "och i att det som en på är av för med den till inte har de ett om han men var jag sig från vi så kan \
         när nu eller också efter vid ska hade där över under mot detta hon sin",
    ),
    (
        "da",
        "og i at det er en til af på for med den som der ikke de har et om han men var jeg sig fra vi så kan \
         når nu eller også efter ved skal havde blev hun mere over under mod bliver",
    ),
    (
        "nb",
        "og i å det er en til av på for med den som ikke de har et om han men var jeg seg fra vi så kan når nå \
         eller også etter ved skal hadde ble hun mer over under mot blir",
    ),
    (
        "pl",
        "w i na z się że do nie to jest o jak po za ale od przez dla jego jej są co tym tego który która które \
         był było być może już czy oraz tak przy tylko ich ze jako",
    ),
    (
        "cs",
        "a v se na je že s z do o i to jako za by k po ale pro si od jsou jeho které který která byl bylo také \
         nebo už když však není jen ve ze až při",
    ),
    (
        "ro",
        "de și în a la cu pe nu că o este din un care să mai se au fost pentru sunt prin după ca lui sau dar \
         ale cel între această foarte fi al",
    ),
    (
        "hu",
        "a az és hogy nem is egy volt ez meg de csak már még van el mint lehet ha kell azt pedig vagy amely \
         szerint több után ki lesz között sem",
    ),
    (
        "fi",
        "ja on ei se että oli hän ovat kun mutta joka myös niin kuin sen ole tai jos nyt mukaan vain sekä jo \
         mitä hänen tämä olla voi jälkeen vuonna",
    ),
    (
        "tr",
        "ve bir bu da de için ile olarak çok daha olan gibi ne kadar sonra var ama değil en o her ya mi diye \
         ise olduğu içinde tarafından",
    ),
    (
        "ca",
        "de la que el i en a els les un per amb del no una es és al com més o però ha seva són aquest aquesta \
         també dels va ser hi pel han sobre molt",
    ),
    (
        "et",
        "ja on ei et see ka oli kui ta mis aga oma või ning ma nii siis kes pole kuid seda tema pärast veel \
         ainult välja olid",
    ),
    (
        "lt",
        "ir kad į yra su tai iš bet o kaip jis už buvo ar dar nuo jau apie po tik jo kuris dėl taip pat prie",
    ),
    (
        "lv",
        "un ir no ar ka par uz bet tas kas kā viņš bija arī vai lai jau šo to pēc gan nav savu pie līdz tika",
    ),
];

/// By word, a bit for each language of [`COMMON`] that it is common in.
static LANGUAGES: LazyLock<HashMap<&str, u32>> = LazyLock::new(|| {
    let mut languages = HashMap::new();
    for (bit, (_, words)) in COMMON.iter().enumerate() {
        for word in words.split_whitespace() {
            *languages.entry(word).or_insert(0) |= 1 << bit;
        }
    }
    languages
});

/// How many of a text's words are common in its own language, and in the other language that has most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Votes {
    /// Words common in the declared language; `None` where its words are not known here.
    pub own: Option<usize>,
    /// Words common in the best other language.
    pub other: usize,
    /// That language's tag.
    pub tag: &'static str,
}

/// Counts the common words of `text`, which is said to be in the language `tag`.
pub fn votes(text: &str, tag: &str) -> Votes {
    let mut counts = [0usize; COMMON.len()];
    let mut lower = String::new();
    for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
        // None of the words is longer.
        if word.len() > 12 {
            continue;
        }
        lower.clear();
        lower.extend(word.chars().flat_map(char::to_lowercase));
        let mut bits = LANGUAGES.get(lower.as_str()).copied().unwrap_or(0);
        while bits != 0 {
            counts[bits.trailing_zeros() as usize] += 1;
            bits &= bits - 1;
        }
    }
    let at = COMMON.iter().position(|(other, _)| *other == tag);
    let own = at.map(|at| std::mem::take(&mut counts[at]));
    let best = (0..COMMON.len()).rev().max_by_key(|&i| counts[i]).unwrap_or(0);
    Votes { own, other: counts[best], tag: COMMON[best].0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_vote_for_their_language() {
        for (text, tag, own, best) in [
            ("Der Hund von nebenan ist nicht zu Hause.", "de", Some(5), "nl"),
            ("The dog from next door is not at home.", "de", Some(0), "en"),
            ("Le chien de la voisine n'est pas dans la cour.", "en", Some(0), "fr"),
            ("Pes od sousedů není doma.", "sk", None, "cs"),
        ] {
            let votes = votes(text, tag);
            assert_eq!(votes.own, own, "{text}");
            assert!(votes.tag == best || own > Some(votes.other), "{text} {votes:?}");
        }
    }
}
